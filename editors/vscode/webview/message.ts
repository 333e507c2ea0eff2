// One message as it stands in the conversation: who, what, how it ended, and what can be done with it.
import type { Message } from '../src/protocol';
import { codeBlock } from './code';
import { el, icon, iconButton } from './dom';
import { render } from './markdown';
import { post } from './port';

/** What became of an answer that is not whole. */
const ENDS: Partial<Record<Message['state'], string>> = {
  stopped: 'Stopped. What had come is kept.',
  length: 'The answer reached its limit of length.',
  truncated: 'The connection ended before the answer did.',
  interrupted: 'Interrupted before the end. What had come is kept.',
  error: 'The answer failed.',
};

/** The element of a message. `last`: whether what was cut off can be continued here. */
export function messageElement(message: Message, last: boolean, busy: boolean): HTMLElement {
  const who = message.role === 'user' ? 'You' : message.role === 'system' ? 'Summary of what came before' : 'Aside';
  const element = el('article', { class: `message ${message.role}`, 'aria-label': `${who}, message ${message.n + 1}` });
  element.dataset['n'] = String(message.n);
  element.append(header(message, who, busy), ...attachments(message), body(message));
  const end = ending(message, last && !busy);
  if (end) element.append(end);
  return element;
}

function header(message: Message, who: string, busy: boolean): HTMLElement {
  const model = message.role === 'assistant' && message.model ? [el('span', { class: 'model' }, message.model)] : [];
  const usage = message.usage ? [el('span', { class: 'usage' }, usageText(message.usage))] : [];
  const actions = busy ? [] : [
    ...(message.role === 'user' ? [iconButton('edit', 'Edit and send again', () => beginEdit(message))] : []),
    iconButton('fork', 'Go on from here in a copy', () => post({ type: 'fork', n: message.n })),
  ];
  return el('header', {}, el('h2', { class: 'who' }, who), ...model, ...usage, el('span', { class: 'actions' }, ...actions));
}

/** Token counts in words. */
export function usageText({ inputTokens, outputTokens, cachedTokens }: NonNullable<Message['usage']>): string {
  const parts = [
    ...(inputTokens ? [`${inputTokens} in`] : []),
    ...(outputTokens ? [`${outputTokens} out`] : []),
    ...(cachedTokens ? [`${cachedTokens} cached`] : []),
  ];
  return parts.length > 0 ? `${parts.join(', ')} tokens` : '';
}

function attachments(message: Message): HTMLElement[] {
  if (!message.attachments?.length) return [];
  const items = message.attachments.map(({ label }) => el('li', { class: 'chip' }, label));
  return [el('ul', { class: 'chips', 'aria-label': 'Attached' }, ...items)];
}

function body(message: Message): HTMLElement {
  // What the person wrote is shown as they wrote it.
  if (message.role === 'user') return el('div', { class: 'text' }, message.text);
  const element = el('div', { class: 'markdown' });
  element.append(render(message.text, {
    link: url => post({ type: 'link', url }), code: (text, language) => codeBlock(text, language, false),
  }));
  return element;
}

function ending(message: Message, open: boolean): HTMLElement | undefined {
  const said = message.role === 'assistant' ? ENDS[message.state] : undefined;
  if (!said) return undefined;
  const { error } = message;
  const text = error ? [error.message, error.hint].filter(Boolean).join('. ') : said;
  const again = open ? [el('button', { type: 'button', class: 'secondary', click: () => post({ type: 'continue' }) }, 'Continue')] : [];
  return el('div', { class: `ending ${message.state}` }, el('span', {}, text), ...again);
}

/** Turns a question into a box with its text; sending it takes back what came after. */
function beginEdit(message: Message): void {
  const element = document.querySelector<HTMLElement>(`article[data-n="${message.n}"]`);
  const text = element?.querySelector('.text');
  if (!element || !text) return;
  const box = el('textarea', { 'aria-label': 'Your question', rows: String(Math.min(12, message.text.split('\n').length + 1)) });
  box.value = message.text;
  const send = (): void => {
    if (box.value.trim()) post({ type: 'send', text: box.value, replaces: message.n });
  };
  const cancel = (): void => {
    form.replaceWith(text);
    element.querySelector<HTMLElement>('.icon-button')?.focus();
  };
  const form = el('div', { class: 'editing' }, box,
    el('div', { class: 'row' },
      el('span', { class: 'hint' }, 'What came after it is taken back.'),
      el('button', { type: 'button', class: 'secondary', click: cancel }, 'Cancel'),
      el('button', { type: 'button', class: 'primary', click: send }, icon('send'), 'Send again')));
  box.addEventListener('keydown', event => {
    if (event.key === 'Escape') cancel();
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
  text.replaceWith(form);
  box.focus();
}
