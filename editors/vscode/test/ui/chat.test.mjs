// Conversations: streamed, stopped, continued, edited, forked, found again; brought back after a reload and after the
// server was killed, in the middle of an answer as well.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ChatPage } from '../support/chat.mjs';
import { Editor, modelConfig, until } from '../support/editor.mjs';
import { gate, modelServer } from '../support/model.mjs';

let editor, model, page, chat;

before(async () => {
  model = await modelServer(question => `You said: ${question.slice(-40)}`);
  editor = await Editor.start({ files: { 'sum.ts': 'export function sum(a: number, b: number) {\n  return a;\n}\n' }, config: modelConfig(model) });
  page = await editor.open('sum.ts');
  await editor.statusSays('Chat: test/m');
  chat = new ChatPage(await editor.openChat());
});

after(async () => {
  await editor?.close();
  await model?.close();
});

test('an answer streams in and is stored with its usage', async () => {
  const rest = gate();
  model.reply = () => ['## Sum\n\nThe first **half**', rest, ' and the rest, with `code`:\n\n```ts\nreturn a + b;\n```\n'];
  await chat.ask('What does this do?');
  await chat.says('The first half');
  assert.ok(await chat.button('Stop').isVisible());
  await editor.shot('chat-streaming');
  rest.open();
  await chat.says('and the rest');
  await chat.rests();
  await until('the usage', async () => /12 in, 34 out/.test(await chat.answer.innerText()));
  await editor.shot('chat');
});

test('an answer is stopped: what had come is kept, marked, and can be continued', async () => {
  const rest = gate();
  model.reply = () => ['Only this much', rest];
  await chat.ask('Tell me more');
  await chat.says('Only this much');
  await chat.button('Stop').click();
  await chat.says('Stopped. What had come is kept.');
  await until('the model to be let go', () => model.requests.at(-1).gone);
  model.reply = () => ' and now the rest';
  await chat.button('Continue').click();
  await chat.says('and now the rest');
  await chat.rests();
});

test('a question is edited and sent again: what came after it is taken back', async () => {
  model.reply = () => 'An answer to the better question';
  const first = chat.frame.locator('article.user').first();
  await first.hover();
  await first.getByRole('button', { name: 'Edit and send again' }).click();
  await first.getByRole('textbox').fill('A better question');
  await first.getByRole('button', { name: 'Send again', exact: true }).click();
  await chat.says('An answer to the better question');
  await chat.rests();
  await until('two messages', async () => (await chat.messages.count()) === 2);
  assert.deepEqual(await chat.texts(), ['A better question', 'An answer to the better question']);
});

test('what is selected, the file and its problems go along', async () => {
  await chat.frame.getByRole('combobox', { name: 'Attach' }).selectOption('file');
  await chat.frame.locator('.composer .chip').filter({ hasText: 'sum.ts' }).waitFor();
  model.reply = () => 'Seen.';
  await chat.ask('Look at the file');
  await chat.says('Seen.');
  await chat.rests();
  assert.match(JSON.stringify(model.requests.at(-1).body), /export function sum/);
  assert.match(await chat.frame.locator('article.user').last().innerText(), /sum\.ts/);
});

test('a window that is loaded anew brings the conversation and the unsent words back', async () => {
  await chat.box.fill('not sent yet');
  await until('VS Code to write it down', () => editor.remembers('not sent yet'));
  await page.reload();
  await editor.statusSays('Chat: test/m');
  chat = new ChatPage(await editor.openChat());
  await until('the conversation', async () => (await chat.texts()).at(-1) === 'Seen.');
  assert.equal(await chat.box.inputValue(), 'not sent yet');
  await chat.box.fill('');
});

test('a window loaded anew in the middle of an answer loses nothing of it', async () => {
  const rest = gate();
  model.reply = () => ['Half of it', rest, ', and the other half'];
  await chat.ask('In the middle');
  await chat.says('Half of it');
  await page.reload();
  await editor.statusSays('Chat: test/m');
  chat = new ChatPage(await editor.openChat());
  rest.open();
  // The old server ends with its window: what had come is there, marked, and can be continued.
  await chat.says('Half of it');
  await chat.rests();
  model.reply = () => ', and what was missing';
  if (await chat.button('Continue').isVisible()) await chat.button('Continue').click();
  await until('the whole answer', async () => /other half|what was missing/.test((await chat.texts()).join('\n')));
  await chat.rests();
});

test('a page that is closed and opened in the middle of an answer loses nothing of it', async () => {
  const rest = gate();
  model.reply = () => ['Seen before', rest, ', and seen after'];
  await chat.ask('Look away');
  await chat.says('Seen before');
  await page.keyboard.press('Control+Shift+e');
  await until('the page to be gone', () => chat.frame.isDetached());
  rest.open();
  chat = new ChatPage(await editor.openChat());
  await chat.says('Seen before, and seen after');
  await chat.rests();
});

test('a long conversation opens where the person was in it', async () => {
  model.reply = () => Array.from({ length: 120 }, (_, at) => `Line ${at}\n\n`);
  await chat.ask('Something long');
  await chat.says('Line 119');
  await chat.rests();
  const transcript = chat.frame.locator('.transcript');
  await transcript.evaluate(element => (element.scrollTop = element.scrollHeight / 2));
  const top = await transcript.evaluate(element => element.scrollTop);
  await until('the place to be written down', () => editor.remembers('"chat.place":{'));
  await page.reload();
  await editor.statusSays('Chat: test/m');
  chat = new ChatPage(await editor.openChat());
  await chat.says('Line 119');
  await until('the place', async () => Math.abs((await chat.frame.locator('.transcript').evaluate(element => element.scrollTop)) - top) < 5);
});

test('a server that is killed comes back by itself, with what had come of the answer', async () => {
  const rest = gate();
  model.reply = () => ['Before the end', rest];
  await chat.ask('Until you are killed');
  await chat.says('Before the end');
  const [server] = editor.servers();
  process.kill(server, 'SIGKILL');
  await until('another server', () => editor.servers().some(pid => pid !== server));
  await editor.statusSays('Chat: test/m');
  await chat.says('Interrupted');
  await chat.says('Before the end');
  model.reply = () => 'After the kill';
  await chat.ask('Are you there?');
  await chat.says('After the kill');
  await chat.rests();
});

test('a server that is killed again and again is given up, and says so once', async () => {
  const killed = new Set();
  await until('giving up', async () => {
    for (const pid of editor.servers()) {
      killed.add(pid);
      process.kill(pid, 'SIGKILL');
    }
    return /ended unexpectedly\. The log says more/.test(await editor.status.getAttribute('aria-label'));
  }, 120_000);
  assert.ok(killed.size >= 3, `${killed.size} servers were killed`);
  await chat.frame.getByRole('alert').filter({ hasText: 'ended unexpectedly' }).waitFor();
  assert.equal(await page.locator('.notification-toast').filter({ hasText: 'ended unexpectedly' }).count(), 1);
  await chat.frame.getByRole('button', { name: 'Start again' }).click();
  await editor.statusSays('Chat: test/m');
  await until('the alert to go', async () => !(await chat.frame.getByRole('alert').isVisible()));
});

test('conversations are listed, searched, renamed, thrown away and brought back', async () => {
  await editor.command('Aside: Show Conversations');
  const search = chat.frame.getByRole('searchbox');
  await search.waitFor();
  await chat.frame.locator('.entries li').first().waitFor();
  await editor.shot('history');
  await search.fill('better question');
  await until('what was found', async () => (await chat.frame.locator('mark').count()) > 0);
  await search.fill('');
  const entry = chat.frame.locator('.entries li').first();
  await entry.hover();
  await entry.getByRole('button', { name: /^Rename/ }).click();
  await page.locator('.quick-input-widget:visible input').fill('A title of mine');
  await page.keyboard.press('Enter');
  await chat.frame.locator('.entries .title').filter({ hasText: 'A title of mine' }).waitFor();
  await entry.hover();
  await entry.getByRole('button', { name: /^Delete/ }).click();
  await until('it to be gone', async () => (await chat.frame.locator('.entries .title').filter({ hasText: 'A title of mine' }).count()) === 0);
  await page.locator('.notification-toast').filter({ hasText: 'in the trash' }).getByRole('button', { name: 'Undo' }).click();
  await chat.frame.locator('.entries .title').filter({ hasText: 'A title of mine' }).waitFor();
  await chat.frame.locator('.entries .open').first().click();
  await until('the conversation', async () => (await chat.texts()).includes('After the kill'));
});

test('a copy is made from the middle of a conversation', async () => {
  const first = chat.messages.nth(1);
  await first.hover();
  await first.getByRole('button', { name: 'Go on from here in a copy' }).click();
  await until('the copy', async () => (await chat.messages.count()) === 2);
});
