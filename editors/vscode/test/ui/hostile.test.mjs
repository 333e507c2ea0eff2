// What a model says is text: nothing in it is loaded, run or opened. 80 payloads, and not one request.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ChatPage } from '../support/chat.mjs';
import { Editor, modelConfig, until } from '../support/editor.mjs';
import { modelServer } from '../support/model.mjs';
import { payloads } from '../support/payloads.mjs';
import { sink } from '../support/sink.mjs';

let editor, model, trap, page, chat;

before(async () => {
  trap = await sink();
  model = await modelServer(() => 'ready');
  editor = await Editor.start({ files: { 'a.txt': 'text\n' }, config: modelConfig(model) });
  page = await editor.open('a.txt');
  await editor.statusSays('Chat: test/m');
  chat = new ChatPage(await editor.openChat());
});

after(async () => {
  await editor?.close();
  await model?.close();
  trap?.close();
});

test('80 hostile payloads cause no request and run nothing', async () => {
  const all = payloads(trap.url);
  assert.ok(all.length >= 80, `${all.length} payloads`);
  const asked = editor.asked.length;
  const batch = 8;
  for (let at = 0; at < all.length; at += batch) {
    // In pieces, so that what is half written is drawn as well.
    const text = all.slice(at, at + batch).map((payload, i) => `Payload ${at + i}\n\n${payload}\n\n`).join('') + `End ${at}\n`;
    model.reply = () => text.match(/[\s\S]{1,60}/g);
    await chat.ask(`Batch ${at}`);
    await chat.says(`End ${at}`);
    await chat.rests();
  }
  const found = await chat.frame.evaluate(() => ({
    active: [...document.querySelectorAll('article *')].filter(node =>
      /^(img|svg:img|image|script|iframe|object|embed|link|style|video|audio|source|form|base|meta|a|input)$/i.test(node.localName)).map(node => node.outerHTML.slice(0, 200)),
    attributes: [...document.querySelectorAll('article .markdown *')].flatMap(node =>
      [...node.attributes].filter(({ name }) => /^(on|style|src|href|srcset|id|name|data-vscode)/.test(name)).map(({ name, value }) => `${name}=${value.slice(0, 80)}`)),
    owned: window.owned ?? null,
    title: document.title,
  }));
  assert.deepEqual(found, { active: [], attributes: [], owned: null, title: 'Aside' });
  assert.deepEqual(trap.hits, []);
  const foreign = editor.asked.slice(asked).filter(url => !url.startsWith(`http://127.0.0.1:${editor.port}/`) && !/^(blob|data):/.test(url) && !/open-vsx|update|marketplace/.test(url));
  assert.deepEqual(foreign, []);
  assert.equal(await page.locator('.monaco-dialog-box').count(), 0);
});

test('a link is shown whole, and its click asks before anything opens', async () => {
  model.reply = () => `[harmless words](${trap.url}/?d=canary)`;
  await chat.ask('A link');
  await chat.says(`harmless words (${trap.url}/?d=canary)`);
  await chat.rests();
  await chat.answer.getByRole('link').click();
  const dialog = page.locator('.monaco-dialog-box');
  await dialog.filter({ hasText: `${trap.url}/?d=canary` }).waitFor();
  await editor.shot('link');
  await page.keyboard.press('Escape');
  await until('the dialog to go', async () => (await dialog.count()) === 0);
  assert.deepEqual(trap.hits, []);
});

test('a link to a command, a script or a file elsewhere opens nothing', async () => {
  const links = ['command:workbench.action.terminal.new', 'javascript:owned=1', 'file:///etc/passwd', 'vscode://x.y/z', '../../etc/passwd', '/etc/passwd', '//evil.example/x'];
  model.reply = () => links.map((link, at) => `[link ${at}](${link})`).join('\n\n');
  await chat.ask('Links');
  await chat.says(`link ${links.length - 1}`);
  await chat.rests();
  for (let at = 0; at < links.length; at++) await chat.answer.getByRole('link', { name: `link ${at}` }).click();
  await page.locator('.notification-toast').filter({ hasText: 'Aside does not open this link' }).first().waitFor();
  assert.equal(await page.locator('.terminal-wrapper').count(), 0);
  assert.equal(await page.locator('.tab').filter({ hasText: 'passwd' }).count(), 0);
});

test('an enormous answer in one line leaves the page responsive', async () => {
  const piece = 'x'.repeat(64 * 1024);
  model.reply = () => [...Array(160).fill(piece), ' end of it'];
  await chat.ask('Enormous');
  await until('an end', async () => (await chat.button('Send').isVisible()) && (await chat.frame.locator('.live').count()) === 0, 120_000);
  const from = Date.now();
  await chat.box.fill('Still here');
  assert.ok(Date.now() - from < 5000);
  await chat.box.fill('');
});
