// What is VS Code's own: its chat with `@aside` and with our models, the walkthrough, terminals for keys.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Editor, modelConfig, until } from '../support/editor.mjs';
import { gate, modelServer } from '../support/model.mjs';

let editor, model, page;

before(async () => {
  model = await modelServer(question => `Model says: ${question.slice(-60)}`);
  editor = await Editor.start({ files: { 'a.txt': 'text\n' }, config: modelConfig(model), settings: { 'chat.disableAIFeatures': false } });
  page = await editor.open('a.txt');
  await editor.statusSays('Chat: test/m');
});

after(async () => {
  await editor?.close();
  await model?.close();
});

async function ask(text) {
  const input = page.locator('.interactive-input-part .monaco-editor').first();
  await input.click();
  await page.keyboard.type(text);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
}

const answers = () => page.locator('.interactive-item-container').allInnerTexts();

test('@aside answers in the chat of VS Code, and a second question goes on in the same conversation', async () => {
  await editor.command('Chat: Open Chat');
  await page.locator('.interactive-input-part').first().waitFor();
  // VS Code asks a participant only when it knows a model: ours is one.
  await page.locator('.model-picker-item').filter({ hasText: 'builtin/search' }).waitFor();
  await ask('@aside hello there ');
  await until('the answer', async () => (await answers()).some(text => /Model says:.*hello there/s.test(text)));
  await editor.shot('participant');
  await ask('@aside and again ');
  await until('the second answer', async () => (await answers()).some(text => /Model says:.*and again/s.test(text)));
  const { messages } = model.requests.at(-1).body;
  assert.ok(messages.some(message => JSON.stringify(message.content).includes('hello there')), 'the first question is part of it');
});

test('an answer in the chat of VS Code is stopped there', async () => {
  const rest = gate();
  model.reply = () => ['Never ending', rest];
  await ask('@aside stop me ');
  await until('its beginning', async () => (await answers()).some(text => text.includes('Never ending')));
  await page.keyboard.press('Control+Escape');
  await until('the model to be let go', async () => {
    if (model.requests.at(-1).gone) return true;
    await page.locator('.interactive-input-part .codicon-stop-circle, .interactive-input-part .codicon-debug-stop').first().click({ timeout: 500 }).catch(() => undefined);
    return false;
  });
});

test('the walkthrough opens with its four steps', async () => {
  await editor.command('Welcome: Open Walkthrough...');
  await page.locator('.quick-input-widget:visible input').fill('Start with Aside');
  await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Start with Aside' }).first().click();
  await until('the steps', async () => (await page.locator('.getting-started-step').count()) === 4);
  await editor.shot('walkthrough');
});

test('a key is set in a terminal that runs aside itself', async () => {
  await editor.command('Aside: Set a Key (in a Terminal)');
  const row = page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'anthropic' }).first();
  await row.waitFor();
  // A list that is just being filled takes no choice.
  await until('the terminal', async () => {
    await page.keyboard.press('Enter');
    await page.locator('.terminal-wrapper').first().waitFor({ timeout: 3000 });
    return true;
  });
  await until('the terminal of aside', async () => (await page.locator('.terminal-outer-container, .terminal-tabs-entry, .single-terminal-tab').allInnerTexts()).join().includes('aside'));
  await editor.shot('terminal');
});

test('the checks are shown as a document', async () => {
  await editor.command('Aside: Check Everything');
  await until('the checks', async () => (await editor.text()).includes('settings:'));
});
