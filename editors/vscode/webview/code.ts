// A code block of an answer with what can be done with it.
import { el, iconButton } from './dom';
import { post } from './port';

/** The element of a code block. While the answer still comes there is nothing to do with it yet. */
export function codeBlock(text: string, language: string, live: boolean): HTMLElement {
  const code = text.replace(/\n$/, '');
  const name = language.slice(0, 40);
  const copied = el('span', { class: 'copied', role: 'status' });
  const copy = (): void => {
    post({ type: 'copy', code });
    copied.textContent = 'Copied';
    setTimeout(() => (copied.textContent = ''), 1500);
  };
  const actions = live ? [] : [
    iconButton('apply', 'Apply to the open file', () => post({ type: 'apply', code: text })),
    iconButton('insert', 'Insert at the cursor', () => post({ type: 'insert', code })),
    iconButton('copy', 'Copy', copy),
  ];
  return el('div', { class: 'block', role: 'group', 'aria-label': name ? `Code, ${name}` : 'Code' },
    el('div', { class: 'block-head' }, el('span', { class: 'language' }, name || 'code'), copied, ...actions),
    el('pre', { tabindex: '0' }, el('code', {}, code)));
}
