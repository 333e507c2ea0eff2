// Locked keys: the person reads it once, nothing they wrote is lost, and they unlock in a terminal.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { ChatPage } from '../support/chat.mjs';
import { Editor, modelConfig, plain, until } from '../support/editor.mjs';
import { modelServer } from '../support/model.mjs';
import { answered } from '../support/terminal.mjs';

const PASSPHRASE = 'correct horse battery staple 9';
const program = process.env.ASIDE_TEST_BINARY;

let editor, model, page, chat;

before(async () => {
  model = await modelServer(question => `Answer to ${question.slice(-20)}`);
  editor = await Editor.start({
    // The terminal as text of the page, so that it can be read.
    files: { 'a.txt': 'text\n' }, settings: { 'terminal.integrated.gpuAcceleration': 'off' }, config: `${modelConfig(model)}\n[vault]\nbackend = "file"\n[sessions]\nkey = "vault"\n`,
  });
  answered([program, 'vault', 'init'], [PASSPHRASE, PASSPHRASE], { ASIDE_HOME: editor.aside });
  page = await editor.open('a.txt');
  await editor.statusSays('Chat: test/m');
  chat = new ChatPage(await editor.openChat());
});

after(async () => {
  // The agent that holds the vault open is a process of its own.
  const pid = editor && agents();
  await editor?.close();
  for (const one of pid ?? []) process.kill(one, 'SIGKILL');
  await model?.close();
});

/** The agents of this test's home. */
function agents() {
  const said = execFileSync(program, ['vault', 'status'], { encoding: 'utf8', env: { ...plain(), ASIDE_HOME: editor.aside } });
  return [...said.matchAll(/agent .*process (\d+)/g)].map(([, pid]) => Number(pid));
}

test('locked keys are shown, and what was written comes back into the box', async () => {
  await chat.ask('Before the lock');
  await chat.says('Answer to');
  await chat.rests();
  await editor.command('Aside: Lock Keys');
  await editor.statusSays('Locked');
  await editor.command('Aside: New Conversation');
  await until('the new conversation', async () => (await chat.texts()).length === 0);
  await chat.ask('While locked');
  await until('the alert', () => chat.frame.getByRole('alert').filter({ hasText: /locked/ }).isVisible(), 15_000);
  assert.equal(await chat.box.inputValue(), 'While locked');
  await editor.shot('locked');
});

test('unlocking in a terminal brings everything back', async () => {
  await chat.frame.getByRole('button', { name: 'Unlock in a terminal' }).click();
  await until('the question for the passphrase', async () => /assphrase/.test(await page.locator('.terminal-wrapper').innerText()));
  await page.keyboard.type(`${PASSPHRASE}\n`);
  await editor.statusSays('Chat: test/m');
  await until('the status to be open', async () => !/Locked/.test(await editor.status.getAttribute('aria-label')));
  await until('the alert to go', async () => !(await chat.frame.getByRole('alert').isVisible()));
  await chat.box.focus();
  await page.keyboard.press('Enter');
  await chat.says('Answer to');
  await chat.rests();
  assert.deepEqual((await chat.texts())[0], 'While locked');
});
