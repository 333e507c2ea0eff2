// Without a mouse and without eyes: everything of the chat by keyboard, and an audit by axe in light, dark and high contrast.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ChatPage } from '../support/chat.mjs';
import { Editor, modelConfig, until } from '../support/editor.mjs';
import { gate, modelServer } from '../support/model.mjs';

const axe = readFileSync(join(process.env.ASIDE_TEST_UI_MODULES, 'axe-core', 'axe.min.js'), 'utf8');
const ANSWER = '# Title\n\n1. one\n2. two\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`inline` and [a link](https://example.com/x)\n\n```ts\nconst a = 1;\n```\n';

let editor, model, page, chat;

before(async () => {
  model = await modelServer(() => ANSWER);
  editor = await Editor.start({ files: { 'a.ts': 'const a = 1;\n' }, config: modelConfig(model) });
  page = await editor.open('a.ts');
  await editor.statusSays('Chat: test/m');
});

after(async () => {
  await editor?.close();
  await model?.close();
});

/** The name of what has the focus in the chat page. */
const focused = () => chat.frame.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');

/** Presses `key` until `name` has the focus. */
async function goTo(name, key = 'Tab') {
  for (let step = 0; step < 40; step++) {
    if ((await focused()) === name) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${key} does not lead to ${name}; it is at ${await focused()}`);
}

test('a conversation is held by keyboard only', async () => {
  await page.keyboard.press('Control+Alt+a');
  chat = new ChatPage(await editor.chat());
  await until('the focus in the box', async () => (await focused()) === 'Your question');
  await page.keyboard.type('By keyboard');
  await page.keyboard.press('Enter');
  await chat.says('quoted');
  await chat.rests();

  // Stop with Escape.
  const rest = gate();
  model.reply = () => ['Begun', rest];
  await page.keyboard.type('Another');
  await page.keyboard.press('Enter');
  await chat.says('Begun');
  await page.keyboard.press('Escape');
  await chat.says('Stopped');

  // Continue, edit and send again.
  model.reply = () => 'continued';
  await goTo('Continue', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await chat.says('continued');
  await chat.rests();
  model.reply = () => ANSWER;
  await chat.box.focus();
  await goTo('Edit and send again', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await until('the box to edit in', async () => (await chat.frame.locator('.editing textarea').count()) === 1);
  await page.keyboard.type(' edited');
  await page.keyboard.press('Enter');
  await until('the edited question', async () => (await chat.texts()).some(text => text.includes('edited')));
  await chat.says('quoted');
  await chat.rests();
});

test('code is applied and conversations are opened by keyboard only', async () => {
  await chat.box.focus();
  await goTo('Apply to the open file', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await until('the edit or its refusal', async () =>
    (await page.locator('.monaco-diff-editor').count()) > 0 || (await page.locator('.notification-toast').filter({ hasText: 'has this code already' }).count()) > 0);
  await editor.command('Aside: Show Conversations');
  await until('the search to have the focus', async () => (await focused()) === 'Search conversations');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await until('the conversation', async () => (await chat.texts()).length > 0 && (await chat.frame.locator('.history').isHidden()));
});

for (const [theme, kind] of [
  ['Dark Modern', 'vscode-dark'], ['Light Modern', 'vscode-light'],
  ['Dark High Contrast', 'vscode-high-contrast'], ['Light High Contrast', 'vscode-high-contrast-light'],
]) {
  test(`axe finds nothing to complain about: ${theme}`, async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.press('Control+t');
    await page.locator('.quick-input-widget:visible input').fill(theme);
    const row = page.locator('.quick-input-list .monaco-list-row').first();
    await until('the theme in the list', async () => (await row.innerText()).startsWith(theme));
    await page.keyboard.press('Enter');
    await until('the theme', () => chat.frame.evaluate(wanted => document.body.classList.contains(wanted), kind));
    await chat.frame.evaluate(script => new Function(script)(), axe).catch(() => chat.frame.addScriptTag({ content: axe }));
    for (const place of ['conversation', 'list']) {
      if (place === 'list') {
        await editor.command('Aside: Show Conversations');
        await chat.frame.locator('.entries li').first().waitFor();
      }
      const violations = await chat.frame.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations
        .map(({ id, nodes }) => `${id}: ${nodes.map(node => `${node.html.slice(0, 120)} ${node.failureSummary}`).join(' | ')}`));
      assert.deepEqual(violations, [], place);
    }
    await editor.shot(`access-${theme.replaceAll(' ', '-')}`);
    await page.keyboard.press('Escape');
    await until('the conversation', () => chat.frame.locator('.composer').isVisible());
  });
}
