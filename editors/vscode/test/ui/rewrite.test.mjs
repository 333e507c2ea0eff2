// Edits that a model writes: asked for in words at the cursor, seen while they stream, accepted, rejected, stopped, tried
// again; offered as code actions as well.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ChatPage } from '../support/chat.mjs';
import { Editor, modelConfig, until } from '../support/editor.mjs';
import { gate, modelServer } from '../support/model.mjs';

const CODE = 'fn one() {\n    1;\n}\n\nfn two() {\n    2;\n}\n\nfn three() {\n    3;\n}\n';
const BETTER = '```rust\nfn one() {\n    11;\n}\n\nfn two() {\n    2;\n}\n\nfn three() {\n    33;\n}\n```\n';

let editor, model, page;

before(async () => {
  model = await modelServer(() => BETTER);
  editor = await Editor.start({ files: { 'a.rs': CODE }, config: modelConfig(model) });
  page = await editor.open('a.rs');
  await editor.statusSays('Chat: test/m');
});

after(async () => {
  await editor?.close();
  await model?.close();
});

const diff = () => page.locator('.monaco-diff-editor');
const right = async () => (await diff().locator('.editor.modified .view-line').allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');
const file = () => page.locator('.tab').filter({ hasText: /^a\.rs$/ }).first();
const noDiff = () => until('the diff to close', async () => (await diff().count()) === 0);

/** Asks for an edit of the whole file, in words. */
async function ask(words) {
  await page.locator('.editor-instance .view-lines').first().click();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+Alt+e');
  const input = page.locator('.quick-input-widget:visible input');
  await input.fill(words);
  await page.keyboard.press('Enter');
}

test('an edit streams into a diff, nothing is written before it is accepted, one undo takes it back', async () => {
  const rest = gate();
  model.reply = () => [BETTER.slice(0, 40), rest, BETTER.slice(40)];
  await ask('Bigger numbers');
  await until('the model to be asked', () => /Bigger numbers/.test(JSON.stringify(model.requests.at(-1)?.body)));
  rest.open();
  await diff().waitFor();
  await until('the whole proposal', async () => /11;[\s\S]*33;/.test(await right()));
  await editor.shot('rewrite');
  assert.equal(readFileSync(join(editor.workspace, 'a.rs'), 'utf8'), CODE);
  await until('the button', async () => (await page.getByRole('button', { name: /^Accept Edit/ }).count()) > 0);
  await page.getByRole('button', { name: /^Accept Edit/ }).first().click();
  await noDiff();
  await until('the new text', async () => /11;[\s\S]*33;/.test(await editor.text()));
  await page.locator('.editor-instance .view-lines').first().click();
  await page.keyboard.press('Control+z');
  await until('the old text', async () => !/11;|33;/.test(await editor.text()));
});

test('hunks are accepted and rejected one by one, in the file', async () => {
  model.reply = () => BETTER;
  await ask('Again');
  await diff().waitFor();
  await file().click();
  const lens = text => page.locator('.codelens-decoration a').filter({ hasText: new RegExp(`^${text}$`) });
  await until('lenses for two hunks', async () => (await lens('Accept').count()) === 2);
  await editor.shot('lenses');
  await lens('Accept').first().click();
  await until('the first hunk', async () => /11;/.test(await editor.text()));
  await until('the file with lenses again', async () => {
    if (await lens('Reject').count()) return true;
    await file().click();
    return false;
  });
  await lens('Reject').first().click();
  await noDiff();
  assert.match(await editor.text(), /11;[\s\S]*3;/);
  assert.doesNotMatch(await editor.text(), /33;/);
});

test('an edit that is stopped can be tried again', async () => {
  const rest = gate();
  model.reply = () => ['```rust\nfn one() {\n    111;\n}\n', rest];
  await ask('Stop me');
  const toast = page.locator('.notification-toast').filter({ hasText: 'Aside:' });
  await toast.getByRole('button', { name: 'Cancel' }).click();
  await until('the model to be let go', () => model.requests.at(-1).gone);
  model.reply = () => BETTER;
  await editor.command('Aside: Reject Edit').catch(() => undefined);
  await page.keyboard.press('Escape');
  await noDiff();
});

test('a model that answers nonsense is told in words, and nothing changes', async () => {
  const before = await editor.text();
  model.reply = () => 'I would rather not.';
  await ask('Refuse');
  await page.locator('.notification-toast').filter({ hasText: /[A-Z].*\./ }).first().waitFor();
  assert.equal(await editor.text(), before);
});

async function lightBulb(entry) {
  const row = page.locator('.action-widget .monaco-list-row').filter({ hasText: entry }).first();
  // The menu closes by itself when the editor gets the focus back from elsewhere.
  await until(`${entry} in the light bulb's menu`, async () => {
    await page.keyboard.press('Escape');
    await page.locator('.editor-instance .view-lines').first().click();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+.');
    await row.waitFor({ timeout: 3000 });
    return true;
  });
  await editor.shot('actions');
  await row.click();
}

test('the light bulb rewrites: it asks for words first', async () => {
  model.reply = () => BETTER;
  await lightBulb('Aside: Rewrite…');
  const input = page.locator('.quick-input-widget:visible input');
  await input.fill('By the light bulb');
  await page.keyboard.press('Enter');
  await diff().waitFor();
  assert.match(JSON.stringify(model.requests.at(-1).body), /By the light bulb/);
  await until('the proposal', async () => /33;/.test(await right()));
  await page.keyboard.press('Control+Alt+Backspace');
  await noDiff();
  assert.doesNotMatch(await editor.text(), /33;/);
});

test('the light bulb explains: the answer is in the chat', async () => {
  model.reply = () => 'Three functions with numbers in them.';
  await lightBulb('Aside: Explain');
  const chat = new ChatPage(await editor.chat());
  await chat.says('Three functions with numbers in them.');
  await chat.rests();
});

test('what was proposed is there again after the window was loaded anew, or said to be gone', async () => {
  model.reply = () => BETTER;
  await ask('Once more');
  await diff().waitFor();
  await page.reload();
  await editor.statusSays('Chat: test/m');
  // Proposals live in the server, which ends with its window: nothing of them is left half done.
  await until('no edit', async () => (await page.getByRole('button', { name: /^Accept Edit/ }).count()) === 0);
  assert.doesNotMatch(await editor.text(), /33;/);
});
