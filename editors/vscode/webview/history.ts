// The list of conversations with its search.
import type { Entry, View } from '../src/chat/wire';
import { el, iconButton } from './dom';
import { post } from './port';

/** Words for what a person should know of a conversation before they open it. */
const STATES: Partial<Record<Entry['state'], string>> = {
  running: 'answering', interrupted: 'interrupted', locked: 'locked', damaged: 'damaged',
};

export class HistoryList {
  private readonly search = el('input', { type: 'search', placeholder: 'Search conversations', 'aria-label': 'Search conversations', input: () => this.typed() });
  private readonly list = el('ul', { class: 'entries', 'aria-label': 'Conversations' });
  private readonly note = el('p', { class: 'hint', role: 'status' });
  private readonly more = el('button', { type: 'button', class: 'secondary', click: () => post({ type: 'moreHistory' }) }, 'Show more');
  readonly element: HTMLElement;
  private timer = 0;
  private shown = false;

  constructor() {
    this.element = el('section', { class: 'history', 'aria-label': 'Conversations', hidden: true, keydown: event => this.key(event as KeyboardEvent) },
      el('div', { class: 'row' }, iconButton('back', 'Back to the conversation', () => post({ type: 'closeHistory' })), this.search),
      this.note, this.list, this.more);
  }

  /** Draws the list, or hides it. Gives whether it is shown. */
  draw(history: View['history']): boolean {
    this.element.hidden = history === undefined;
    if (!history) {
      this.shown = false;
      return false;
    }
    this.note.textContent = history.note ?? '';
    this.note.hidden = !history.note;
    this.more.hidden = !history.more;
    this.list.hidden = history.entries.length === 0;
    const focused = this.list.contains(document.activeElement) ? [...this.list.querySelectorAll('button')].indexOf(document.activeElement as HTMLButtonElement) : -1;
    this.list.replaceChildren(...history.entries.map(entry => row(entry)));
    if (focused >= 0) (this.list.querySelectorAll('button')[focused] ?? this.search).focus();
    if (!this.shown) {
      this.search.value = history.query;
      this.search.focus();
    }
    this.shown = true;
    return true;
  }

  private typed(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => post({ type: 'search', query: this.search.value }), 150);
  }

  private key(event: KeyboardEvent): void {
    if (event.key === 'Escape') post({ type: 'closeHistory' });
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const entries = [...this.list.querySelectorAll<HTMLElement>('.open')];
    const at = entries.indexOf(document.activeElement as HTMLElement) + (event.key === 'ArrowDown' ? 1 : -1);
    (entries[at] ?? (at < 0 ? this.search : undefined))?.focus();
    event.preventDefault();
  }
}

function row(entry: Entry): HTMLElement {
  const state = STATES[entry.state];
  const open = el('button', {
    type: 'button', class: 'open', click: () => post({ type: 'open', session: entry.id }), ...(entry.current ? { 'aria-current': 'true' } : {}),
  }, el('span', { class: 'title' }, el('span', {}, entry.title), ...(state ? [el('span', { class: `badge ${entry.state}` }, state)] : [])),
  el('span', { class: 'detail' }, entry.detail),
  ...(entry.snippet ? [el('span', { class: 'snippet' }, ...marked(entry.snippet))] : []));
  return el('li', {}, open,
    iconButton('edit', `Rename ${entry.title}`, () => post({ type: 'rename', session: entry.id })),
    iconButton('trash', `Delete ${entry.title}`, () => post({ type: 'delete', session: entry.id })));
}

/** The snippet with what was found in it marked. */
function marked({ text, highlights }: NonNullable<Entry['snippet']>): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let from = 0;
  for (const [start, end] of highlights) {
    if (start < from || end > text.length) continue;
    parts.push(text.slice(from, start), el('mark', {}, text.slice(start, end)));
    from = end;
  }
  return [...parts, text.slice(from)];
}
