// Suggestions: they appear, are accepted whole and by word, and the status says which model and why nothing came.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Editor, modelConfig, until } from '../support/editor.mjs';
import { modelServer } from '../support/model.mjs';

let editor, model, page;

before(async () => {
  model = await modelServer(() => 'total + value;');
  editor = await Editor.start({
    files: { 'sum.txt': 'let total = 0;\n', 'other.txt': 'nothing\n' }, config: modelConfig(model, { complete: true }),
  });
  page = await editor.open('sum.txt');
  await editor.statusSays('test/m');
});

after(async () => {
  await editor?.close();
  await model?.close();
});

const ghost = () => page.locator('.editor-instance [class*="ghost-text-decoration"]').first();

async function typeAtEnd(text) {
  await page.locator('.editor-instance .view-lines').first().click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type(text);
}

test('a suggestion appears as grey text and Tab takes all of it', async () => {
  await typeAtEnd('total = ');
  await ghost().waitFor();
  await editor.shot('suggestion');
  assert.match(await ghost().textContent(), /total/);
  await page.keyboard.press('Tab');
  await until('the text to be there', async () => (await editor.text()).includes('total = total + value;'));
});

test('a suggestion is accepted word by word', async () => {
  model.reply = () => 'first second third';
  await page.keyboard.press('Enter');
  await page.keyboard.type('words = ');
  await until('the suggestion', async () => (await ghost().textContent()).includes('first'));
  await page.keyboard.press('Control+ArrowRight');
  await until('one word', async () => /words = first\s*$/m.test((await editor.text()).trimEnd()));
  assert.doesNotMatch(await editor.text(), /second/);
  // The space before the next word is a step of its own.
  await until('two words', async () => {
    if ((await editor.text()).includes('words = first second')) return true;
    await page.keyboard.press('Control+ArrowRight');
    return false;
  });
  assert.doesNotMatch(await editor.text(), /third/);
  await page.keyboard.press('Escape');
});

test('the menu turns suggestions off, and the status shows it', async () => {
  await editor.status.click();
  await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Turn suggestions off' }).click();
  await editor.statusSays('Suggestions: off');
  const before = model.requests.length;
  await typeAtEnd('\nnothing = ');
  await editor.command('Aside: Turn Suggestions On or Off');
  await editor.statusSays('Suggestions: test/m');
  assert.equal(model.requests.length, before);
});

test('the status says why nothing comes when somebody has to act', async () => {
  await model.close();
  await typeAtEnd('\nunreachable = ');
  await editor.statusSays(/No suggestion: .*(answer|reach)/);
  await editor.command('Aside: Why No Suggestion?');
  await page.locator('.notification-toast').filter({ hasText: /127\.0\.0\.1/ }).first().waitFor();
});
