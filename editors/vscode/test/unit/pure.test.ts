// The parts that are values in, values out: finding the server, restarts, settings, problems, links, conversations, edits.
import assert from 'node:assert/strict';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';

import { Conversation } from '../../src/chat/conversation';
import { readMessage } from '../../src/chat/heard';
import { readLink } from '../../src/chat/target';
import { placeFor } from '../../src/edit/place';
import { proposed } from '../../src/edit/proposal';
import { problemOf, sentence } from '../../src/problems';
import type { ChatEvent, Hunk, SessionInfo, TurnEvent } from '../../src/protocol';
import { findServer, type Places } from '../../src/server/find';
import { Restarts } from '../../src/server/restart';
import { settingsFor } from '../../src/server/layers';
import { checkVersion } from '../../src/server/version';
import { lineOf } from '../../src/line';
import { finished } from '../../webview/finished';

const places = (files: string[], more: Partial<Places> = {}): Places => ({
  setting: '', path: ['/usr/bin', '/opt/bin'].join(delimiter), extension: '/ext', windows: false, usable: file => files.includes(file), ...more,
});
const code = (act: () => unknown): string => {
  try {
    act();
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
  return 'nothing was thrown';
};

test('the setting comes before PATH, PATH before what is bundled', () => {
  const all = ['/my/aside', '/opt/bin/aside', '/ext/server/aside'];
  assert.deepEqual(findServer(places(all, { setting: '/my/aside' })), { program: '/my/aside', from: 'setting' });
  assert.deepEqual(findServer(places(all)), { program: '/opt/bin/aside', from: 'path' });
  assert.deepEqual(findServer(places(['/ext/server/aside'])), { program: '/ext/server/aside', from: 'bundled' });
});

test('a program is never looked for in the opened folder', () => {
  const everywhere = places([], { path: ['.', '', 'bin', '/usr/bin'].join(delimiter), usable: file => !file.startsWith('/') || file === join('/usr/bin', 'aside') });
  assert.equal(findServer(everywhere).program, '/usr/bin/aside');
  assert.equal(code(() => findServer(places([], { setting: './aside' }))), 'server-path-relative');
});

test('a missing program, and a setting that names none, are told apart', () => {
  assert.equal(code(() => findServer(places([]))), 'server-missing');
  assert.equal(code(() => findServer(places(['/opt/bin/aside'], { setting: '/gone' }))), 'server-path-wrong');
});

for (const [output, wanted, outcome] of [
  ['aside 0.1.0\n', '0.1.0', 'nothing was thrown'], ['aside 0.2.0-rc.1 (abc)\n', '0.1.9', 'nothing was thrown'], ['aside 1.0.0\n', '0.9.9', 'nothing was thrown'],
  ['aside 0.0.9\n', '0.1.0', 'server-old'], ['aside 0.1.0\n', '0.1.1', 'server-old'], ['', '0.1.0', 'server-foreign'], ['bside 1.0.0', '0.1.0', 'server-foreign'],
] as const) {
  test(`version ${JSON.stringify(output)} for ${wanted}: ${outcome}`, () => assert.equal(code(() => checkVersion('/x', output, wanted)), outcome));
}

test('a server that ends again and again is given up, and a rest forgives it', () => {
  const restarts = new Restarts();
  const waits = [0, 1, 2, 3, 4, 5].map(() => restarts.next(1000));
  assert.equal(waits.at(-1), undefined);
  assert.ok(waits.slice(0, -1).every((wait, at) => wait !== undefined && wait >= (waits[at - 1] ?? 0)));
  assert.notEqual(restarts.next(1000 + 200_000), undefined);
});

test('only what somebody set is sent, by declared name, the narrowest layer first', () => {
  const layers: Record<string, object> = {
    'aside.complete.enabled': { globalValue: true, workspaceValue: false }, 'aside.complete.debounce': { globalValue: '10ms' },
    'aside.server.path': { globalValue: '/x' }, 'aside.chat.max_tokens': {}, 'aside.providers.x': { workspaceValue: 'evil' },
  };
  const names = Object.keys(layers).filter(name => name !== 'aside.providers.x');
  assert.deepEqual(settingsFor(names, name => layers[name]), { complete: { enabled: false, debounce: '10ms' } });
});

test('a problem is a full sentence with its next step', () => {
  const problem = problemOf({ message: 'x', data: { code: 'locked', message: 'the keys are locked', hint: 'unlock them' } });
  assert.equal(sentence(problem), 'The keys are locked. Unlock them.');
  assert.equal(problemOf(new Error('broken')).code, 'failed');
  assert.equal(problemOf({ code: -32601 }).code, 'unknown-method');
});

for (const [link, kind] of [
  ['https://example.com/a?b=c', 'web'], ['HTTP://EXAMPLE.com', 'web'], ['src/a.rs', 'file'], ['src/a.rs:12', 'file'], ['src/a.rs#L3', 'file'],
  ['javascript:x', 'none'], ['JAVASCRIPT:x', 'none'], ['command:x.y', 'none'], ['file:///etc/passwd', 'none'], ['vscode://x', 'none'], ['data:text/html,x', 'none'],
  ['//host/x', 'none'], ['\\\\host\\x', 'none'], ['/etc/passwd', 'none'], ['../x', 'none'], ['a/../../x', 'none'], ['#x', 'none'], ['', 'none'], ['https://', 'none'], ['a\u0000b', 'none'],
] as const) {
  test(`link ${JSON.stringify(link)}: ${kind}`, () => assert.equal(readLink(link).kind, kind));
}

const session: SessionInfo = { id: 's', title: '', workspace: '', created: '', updated: '', messages: 0, bytes: 0, state: 'idle' };
const event = (n: number, what: TurnEvent, turn = 't'): ChatEvent => ({ session: 's', turn, n, event: what });

test('events that overtake the answer, come twice or come late are counted once', () => {
  const one = new Conversation(session);
  one.asked('Question', [], undefined, '');
  assert.equal(one.take(event(0, { type: 'delta', text: 'a' })), 'live');
  one.began('t');
  one.take(event(1, { type: 'delta', text: 'b' }));
  assert.equal(one.take(event(1, { type: 'delta', text: 'b' })), 'nothing');
  assert.equal(one.live?.text, 'ab');
  assert.equal(one.take(event(2, { type: 'end', reason: 'complete' })), 'ended');
  assert.equal(one.take(event(3, { type: 'delta', text: 'late' })), 'nothing');
  one.began('t');
  assert.equal(one.busy, false);
  assert.deepEqual(one.messages.map(message => message.text), ['Question', 'ab']);
});

test('a turn that is told anew from its first event is not doubled', () => {
  const one = new Conversation(session);
  one.take(event(0, { type: 'delta', text: 'a' }));
  one.take(event(1, { type: 'delta', text: 'b' }));
  one.take(event(0, { type: 'delta', text: 'ab' }));
  assert.equal(one.live?.text, 'ab');
});

test('what was seen of a broken answer stays when the server has less of it', () => {
  const one = new Conversation(session);
  one.take(event(0, { type: 'delta', text: 'all of it' }));
  one.broken();
  const seen = one.messages.at(-1);
  const two = new Conversation(session);
  two.load({ session, messages: [{ n: 0, role: 'user', text: 'q', at: '', state: 'complete' }, { n: 1, role: 'assistant', text: 'all', at: '', state: 'interrupted' }] });
  two.keep(seen);
  assert.equal(two.messages.at(-1)?.text, 'all of it');
});

const at = (text: string, needle: string): { start: number; end: number } => ({ start: text.indexOf(needle), end: text.indexOf(needle) });
const applied = (text: string, block: string, selection: { start: number; end: number }): string => {
  const place = placeFor(text, block, selection);
  return text.slice(0, place.start) + place.text + text.slice(place.end);
};
const FILE = 'fn one() {\n    1\n}\n\nfn two() {\n    2\n}\n';

test('a block replaces what it declares', () => {
  assert.equal(applied(FILE, 'fn one() {\n    11\n}\n', at(FILE, '2')), 'fn one() {\n    11\n}\n\nfn two() {\n    2\n}\n');
  assert.equal(applied('def f(a):\n    return a\n\n\nx = 1\n', 'def f(a, b):\n    return b\n', { start: 0, end: 0 }), 'def f(a, b):\n    return b\n\n\nx = 1\n');
});

test('a block replaces whole selected lines', () => {
  const start = FILE.indexOf('    1');
  assert.equal(applied(FILE, '    one', { start, end: start + 2 }), 'fn one() {\n    one\n}\n\nfn two() {\n    2\n}\n');
});

test('a block that belongs nowhere is inserted before the line of the cursor', () => {
  assert.equal(applied('a\nb\n', 'c\n', { start: 2, end: 2 }), 'a\nc\nb\n');
  assert.equal(applied('a', 'c\n', { start: 1, end: 1 }), 'a\nc\n');
  assert.equal(applied('', 'c', { start: 0, end: 0 }), 'c\n');
});

test('a block whose place is not clear replaces nothing', () => {
  const twice = 'fn a() {}\nfn a() {}\n';
  assert.equal(applied(twice, 'fn a() { 1 }\n', { start: 0, end: 0 }), `fn a() { 1 }\n${twice}`);
});

const hunk = (n: number, from: number, to: number, newText: string, state: Hunk['state'] = 'proposed'): Hunk =>
  ({ n, range: { start: { line: from, character: 0 }, end: { line: to, character: 0 } }, oldText: '', newText, state, warnings: [] });

test('the right side of a diff is the text with what is proposed', () => {
  assert.equal(proposed('a\nb\nc\n', [hunk(1, 2, 3, 'C\n'), hunk(0, 0, 1, 'A\n')]), 'A\nb\nC\n');
  assert.equal(proposed('a\nb\n', [hunk(0, 1, 1, 'x\n'), hunk(1, 0, 1, 'y\n', 'rejected')]), 'a\nx\nb\n');
  assert.equal(proposed('a\n', [hunk(0, 7, 9, 'end\n')]), 'a\nend\n');
});

test('hunks that overlap are not written over one another', () => {
  assert.equal(proposed('a\nb\nc\n', [hunk(0, 0, 2, 'X\n'), hunk(1, 1, 3, 'Y\n')]), 'X\nc\n');
});

test('what the page never says is not heard', () => {
  const session = '0198c0de-0000-7000-8000-000000000001';
  for (const said of [{ type: 'ready' }, { type: 'send', text: 'x', replaces: 0 }, { type: 'open', session }, { type: 'scroll', session, place: { n: 1, offset: -3 } }]) {
    assert.deepEqual(readMessage(said), said);
  }
  for (const said of [
    null, 'ready', {}, { type: 'toString' }, { type: '__proto__' }, { type: ['ready'] }, { type: 'send' }, { type: 'send', text: 7 }, { type: 'send', text: 'x', replaces: -1 },
    { type: 'open', session: '--help' }, { type: 'delete', session: '../x' }, { type: 'fork', n: 1.5 }, { type: 'attach', what: 'all' }, { type: 'scroll', session, place: {} },
    { type: 'copy', code: { toString: 'x' } },
  ]) {
    assert.equal(readMessage(said), undefined, JSON.stringify(said));
  }
});

test('a finished part ends at a blank line outside of code and lists', () => {
  assert.equal(finished('one\n\ntwo', 0), 5);
  assert.equal(finished('```\na\n\nb', 0), 0);
  assert.equal(finished('- a\n\n- b', 0), 0);
  assert.equal(finished('```\na\n```\n\nx', 0), 11);
});

test('the status says the first thing that is in the way', () => {
  const roles = { complete: { model: 'a/b' }, chat: { model: 'c/d' } };
  const status = { version: '1', roles, lastEmpty: null };
  const ready = { name: 'ready' } as const;
  const line = (more: object) => lineOf({ server: ready, status, working: false, enabled: true, ...more });
  assert.match(line({}).text, /b$/);
  assert.equal(line({ reason: { code: 'no-text', message: 'x' } }).level, 'plain');
  assert.match(line({ reason: { code: 'unreachable', message: 'nothing answers' } }).tooltip[0] ?? '', /Nothing answers/);
  assert.match(line({ status: { ...status, vault: { backend: '', unlock: '', locked: { code: 'locked', message: 'locked' } } } }).text, /lock/);
  assert.equal(line({ server: { name: 'restricted' } }).text, '$(shield) Aside');
  const none = { complete: { code: 'model-unknown', detail: 'there is no model `x`' }, chat: null };
  assert.deepEqual(line({ status: { ...status, roles: none } }).tooltip, ['Suggestions: there is no model `x`', 'Chat: unknown']);
});
