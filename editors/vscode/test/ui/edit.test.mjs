// Edits: code of an answer applied as a previewed edit; an instruction at the cursor, streamed as a diff, accepted and
// rejected as a whole and hunk by hunk.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ChatPage } from '../support/chat.mjs';
import { Editor, modelConfig, until } from '../support/editor.mjs';
import { modelServer } from '../support/model.mjs';

const SUM = 'export function sum(a: number, b: number) {\n  return a;\n}\n\nexport const one = 1;\n';

let editor, model, page, chat;

before(async () => {
  model = await modelServer(() => 'ready');
  editor = await Editor.start({ files: { 'sum.ts': SUM }, config: modelConfig(model) });
  page = await editor.open('sum.ts');
  await editor.statusSays('Chat: test/m');
  chat = new ChatPage(await editor.openChat());
});

after(async () => {
  await editor?.close();
  await model?.close();
});

const diff = () => page.locator('.monaco-diff-editor');
const lens = name => page.locator('.codelens-decoration a').filter({ hasText: name }).first();

async function answerWith(code) {
  model.reply = () => `Like this:\n\n\`\`\`ts\n${code}\`\`\`\n`;
  await chat.ask('How?');
  await chat.says('Like this');
  await chat.rests();
}

test('a code block is applied as an edit: seen first, then accepted, and one undo takes it back', async () => {
  await answerWith('export function sum(a: number, b: number) {\n  return a + b;\n}\n');
  await chat.answer.getByRole('button', { name: 'Apply to the open file' }).click();
  await diff().waitFor();
  await until('the new line in the diff', async () => (await diff().locator('.view-line').allInnerTexts()).some(line => line.replaceAll('\u00a0', ' ').includes('return a + b;')));
  await editor.shot('apply');
  await editor.command('Aside: Accept Edit');
  await until('the diff to close', async () => (await diff().count()) === 0);
  await until('the new text', async () => (await editor.text()).includes('return a + b;'));
  assert.match(await editor.text(), /export const one = 1;/);
  assert.equal((await editor.text()).match(/function sum/g).length, 1);
  await page.locator('.editor-instance .view-lines').first().click();
  await page.keyboard.press('Control+z');
  await until('the old text', async () => !(await editor.text()).includes('a + b'));
});

test('a code block that is rejected changes nothing', async () => {
  await chat.answer.getByRole('button', { name: 'Apply to the open file' }).click();
  await diff().waitFor();
  await editor.command('Aside: Reject Edit');
  await until('the diff to close', async () => (await diff().count()) === 0);
  assert.doesNotMatch(await editor.text(), /a \+ b/);
});

test('a file that changed meanwhile is not written over', async () => {
  await chat.answer.getByRole('button', { name: 'Apply to the open file' }).click();
  await diff().waitFor();
  await page.locator('.tab').filter({ hasText: /^sum\.ts$/ }).first().click();
  await page.locator('.editor-instance .view-lines').first().click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.type('// mine\n');
  await page.locator('.notification-toast').filter({ hasText: 'The file changed' }).waitFor();
  await until('the diff to close', async () => (await diff().count()) === 0);
  assert.match(await editor.text(), /\/\/ mine/);
  await page.keyboard.press('Control+z');
});

test('a code block is inserted at the cursor and copied', async () => {
  await answerWith('const inserted = 2;\n');
  await page.locator('.editor-instance .view-lines').first().click();
  await page.keyboard.press('Control+End');
  await chat.answer.getByRole('button', { name: 'Insert at the cursor' }).click();
  await until('the code', async () => (await editor.text()).includes('const inserted = 2;'));
  await chat.answer.getByRole('button', { name: 'Copy', exact: true }).click();
  await until('the clipboard', async () => (await page.evaluate(() => navigator.clipboard.readText())) === 'const inserted = 2;');
});
