// docs/guides/vscode.md, followed: its keys, its commands, its pictures. ASIDE_TEST_IMAGES=FOLDER takes the pictures anew.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

import { ChatPage } from '../support/chat.mjs';
import { Editor, modelConfig, until } from '../support/editor.mjs';
import { modelServer } from '../support/model.mjs';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const guide = readFileSync(join(root, 'docs/guides/vscode.md'), 'utf8');
const manifest = JSON.parse(readFileSync(join(root, 'editors/vscode/package.json'), 'utf8'));

const CODE = `export interface Invoice {
  lines: { price: number; count: number }[];
  discount: number;
}

/** What is to be paid. */
export function total(invoice: Invoice): number {
  let sum = 0;
  for (const line of invoice.lines) {
    sum += line.price * line.count;
  }
  return sum - invoice.discount;
}
`;
const SUGGESTED = 'invoice.lines.filter(line => line.count > 0);';
const ANSWER = `It adds up **price × count** of every line and takes off the discount.

The discount can be larger than the sum: the result is then negative. A guard keeps it at zero:

\`\`\`ts
return Math.max(0, sum - invoice.discount);
\`\`\`
`;
const EDITED = `\`\`\`ts\n${CODE.replace('  let sum = 0;\n  for (const line of invoice.lines) {\n    sum += line.price * line.count;\n  }\n  return sum - invoice.discount;',
  '  const sum = invoice.lines.reduce((sum, line) => sum + line.price * line.count, 0);\n  return Math.max(0, sum - invoice.discount);')}\`\`\`\n`;

let editor, model, page;

before(async () => {
  model = await modelServer((_, body) => (JSON.stringify(body).includes('What does total do') ? ANSWER : SUGGESTED));
  editor = await Editor.start({
    files: { 'invoice.ts': CODE }, config: modelConfig(model, { complete: true }), settings: { 'editor.minimap.enabled': false, 'editor.fontSize': 13 },
  });
  await editor.context.newPage().then(one => (editor.page = one));
  await editor.page.setViewportSize({ width: 1100, height: 640 });
  page = await editor.open('invoice.ts');
  await editor.statusSays('test/m');
});

after(async () => {
  await editor?.close();
  await model?.close();
});

async function picture(name) {
  if (process.env.ASIDE_TEST_IMAGES) await page.screenshot({ path: join(process.env.ASIDE_TEST_IMAGES, `vscode-${name}.png`) });
}

test('every command and setting that the guide names exists', () => {
  const titles = manifest.contributes.commands.map(({ title }) => title.replace(/ \(in a Terminal\)|…/g, ''));
  for (const [, name] of guide.matchAll(/\*\*Aside:\s([^*]+)\*\*/g)) assert.ok(titles.includes(name.replace(/\s+/g, ' ')), name);
  for (const [, name] of guide.matchAll(/`(aside\.[a-z_.]+)`/g)) {
    if (name !== 'aside.vsix') assert.ok(name in manifest.contributes.configuration.properties, name);
  }
  for (const key of ['Ctrl+Alt+A', 'Ctrl+Alt+E', 'Ctrl+Alt+Enter', 'Ctrl+Alt+Backspace']) {
    assert.ok(guide.includes(key) && manifest.contributes.keybindings.some(binding => binding.key === key.toLowerCase()), key);
  }
  for (const [, image] of guide.matchAll(/\]\(\.\.\/(images\/[^)]+)\)/g)) assert.ok(statSync(join(root, 'docs', image)).size <= 150 * 1024, image);
});

test('a suggestion appears behind what is typed', async () => {
  await page.locator('.editor-instance .view-lines').first().click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('\nconst paid = ');
  await until('the suggestion', async () => (await page.locator('.editor-instance [class*="ghost-text-decoration"]').first().textContent()).includes('invoice'));
  await picture('suggestion');
  await page.keyboard.press('Escape');
  for (let i = 0; i < 14; i++) await page.keyboard.press('Backspace');
  await page.keyboard.press('Control+s');
});

test('the chat opens by its key and answers about the open file', async () => {
  await page.keyboard.press('Control+Alt+a');
  const chat = new ChatPage(await editor.chat());
  await until('the focus', () => chat.frame.evaluate(() => document.activeElement?.localName === 'textarea'));
  await page.keyboard.type('What does total do, and is it safe?');
  await page.keyboard.press('Enter');
  await chat.says('keeps it at zero');
  await chat.rests();
  await until('the usage', async () => /in, 34 out/.test(await chat.answer.innerText()));
  await picture('chat');
});

test('an edit is asked for, seen and accepted by its keys', async () => {
  model.reply = () => EDITED;
  await page.locator('.editor-instance .view-lines').first().click();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+Alt+e');
  await page.locator('.quick-input-widget:visible input').fill('Use reduce, and never pay less than nothing');
  await page.keyboard.press('Enter');
  const diff = page.locator('.monaco-diff-editor');
  await until('the proposal', async () => (await diff.locator('.editor.modified .view-line').allInnerTexts()).join('').replaceAll('\u00a0', ' ').includes('invoice.lines.reduce'));
  await until('the button', async () => (await page.getByRole('button', { name: /^Accept Edit/ }).count()) > 0);
  await until('the progress to go', async () => (await page.locator('.notification-toast').count()) === 0);
  await picture('edit');
  await page.keyboard.press('Control+Alt+Enter');
  await until('the new text', async () => (await diff.count()) === 0 && (await editor.text()).includes('invoice.lines.reduce'));
});
