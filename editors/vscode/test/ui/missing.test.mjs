// A server that is missing, foreign, too old or broken: the person reads what to do, once, and can go on from there.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ChatPage } from '../support/chat.mjs';
import { Editor, until } from '../support/editor.mjs';

let editor, page, chat;

before(async () => {
  editor = await Editor.start({ files: { 'a.txt': 'text\n' }, program: null });
  page = await editor.open('a.txt');
});

after(async () => await editor?.close());

const toasts = () => page.locator('.notification-toast').filter({ hasText: /^((?!Log).)*Aside/ });

/** Puts a program on PATH, or none, and starts again. */
async function install(script) {
  const program = join(editor.folder, 'bin', 'aside');
  rmSync(program, { force: true });
  if (script?.startsWith('/')) symlinkSync(script, program);
  else if (script) writeFileSync(program, `#!/bin/sh\n${script}\n`), chmodSync(program, 0o755);
  await page.keyboard.press('Escape');
  await editor.command('Aside: Restart Server');
}

test('without the program it says where to put it, once', async () => {
  await editor.statusSays('The program `aside` is not installed');
  chat = new ChatPage(await editor.openChat());
  await chat.frame.getByRole('alert').filter({ hasText: 'is not installed' }).waitFor();
  await chat.frame.getByRole('alert').filter({ hasText: 'aside.server.path' }).waitFor();
  assert.equal(await toasts().count(), 1);
  await editor.shot('missing');
});

test('a program of another kind is not spoken to', async () => {
  await install('echo bside 9.9.9');
  await editor.statusSays('is not Aside');
});

test('a program that is too old says which one is needed', async () => {
  await install('echo aside 0.0.9');
  await editor.statusSays('is Aside 0.0.9, and this extension needs 0.1.0 or newer');
});

test('a program that cannot be run says so', async () => {
  await install('exit 7');
  await editor.statusSays('cannot be run');
});

test('a program that came with the extension is found', async () => {
  const folder = join(editor.folder, 'extensions', readdirSync(join(editor.folder, 'extensions')).find(name => name.startsWith('aside.aside-')), 'server');
  mkdirSync(folder);
  symlinkSync(process.env.ASIDE_TEST_BINARY, join(folder, 'aside'));
  await install(undefined);
  await editor.statusSays('Chat: builtin/search');
  rmSync(folder, { recursive: true });
});

test('the right program at last: everything works without loading anew', async () => {
  await install(process.env.ASIDE_TEST_BINARY);
  await editor.statusSays('Chat: builtin/search');
  await until('the alert to go', async () => !(await chat.frame.getByRole('alert').isVisible()));
  // Without a model the built-in search answers, and says what brings a model.
  await chat.ask('Which words?');
  await chat.says('No model is in use');
  await chat.rests();
});
