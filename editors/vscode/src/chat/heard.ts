// What the chat page says, checked before anything is done with it: the page shows text of models, so it is believed no
// further than this. Pure.
import type { FromPage } from './wire';

type Check = (value: unknown) => boolean;

/** Characters that one message of the page may hold: more than any answer or draft. */
const MOST = 4_000_000;

const text: Check = value => typeof value === 'string' && value.length <= MOST;
const count: Check = value => Number.isSafeInteger(value) && (value as number) >= 0;
// Ids of conversations go to the command line, too, where a dash at the front would be an option.
const id: Check = value => typeof value === 'string' && /^[0-9a-f][0-9a-f-]{0,63}$/i.test(value);
const place: Check = value => {
  const { n, offset } = (value ?? {}) as { n?: unknown; offset?: unknown };
  return count(n) && Number.isFinite(offset);
};
const absentOr = (check: Check): Check => value => value === undefined || check(value);

/** The members of each message. */
const SHAPES: Record<FromPage['type'], Record<string, Check>> = {
  ready: {}, stop: {}, continue: {}, new: {}, history: {}, closeHistory: {}, older: {}, moreHistory: {},
  send: { text, replaces: absentOr(count) },
  search: { query: text },
  open: { session: id }, rename: { session: id }, delete: { session: id },
  fork: { n: count },
  model: { model: text },
  attach: { what: value => value === 'selection' || value === 'file' || value === 'problems' },
  detach: { index: count },
  insert: { code: text }, apply: { code: text }, copy: { code: text },
  link: { url: text },
  draft: { text },
  scroll: { session: id, place: absentOr(place) },
  run: { command: text },
};

/** The message, or `undefined` for whatever the page never says. */
export function readMessage(value: unknown): FromPage | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const message = value as Record<string, unknown>;
  const { type } = message;
  const shape = typeof type === 'string' && Object.hasOwn(SHAPES, type) ? SHAPES[type as FromPage['type']] : undefined;
  const fits = shape && Object.entries(shape).every(([name, check]) => check(message[name]));
  return fits ? (message as FromPage) : undefined;
}
