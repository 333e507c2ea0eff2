// The conversation: messages, the answer that comes, and where the person is in it.
import type { Live, Place, View } from '../src/chat/wire';
import { el } from './dom';
import { messageElement, usageText } from './message';
import { post } from './port';
import { Stream } from './stream';

/** So near to the end, in pixels, it is followed. */
const NEAR = 40;

export class Transcript {
  readonly element = el('section', { class: 'transcript', 'aria-label': 'Conversation', tabindex: '0', scroll: () => this.scrolled() });
  private session = '';
  private keys: string[] = [];
  private elements: HTMLElement[] = [];
  private live: { turn: string; stream: Stream; element: HTMLElement; side: HTMLElement; reasoning: HTMLElement } | undefined;
  private readonly older = el('button', { type: 'button', class: 'secondary older', click: () => post({ type: 'older' }) }, 'Show older messages');
  private following = true;
  private timer = 0;

  constructor() {
    this.element.addEventListener('grown', () => this.follow());
    new ResizeObserver(() => this.follow()).observe(this.element);
  }

  /** Draws the conversation; what is the same stays as it is. `reset` takes the person to where they were. */
  draw(view: View, reset: boolean): void {
    const session = view.session?.id ?? '';
    const anchor = reset ? undefined : this.place();
    if (session !== this.session) this.clear();
    this.session = session;
    this.drawMessages(view);
    this.drawLive(view.live);
    if (view.messages.length === 0 && !view.live) this.element.replaceChildren(welcome());
    if (reset) this.goTo(view.scroll);
    else if (!this.following && anchor) this.goTo(anchor);
    this.follow();
  }

  delta(turn: string, text: string): void {
    if (this.live?.turn === turn) this.live.stream.add(text);
  }

  reasoning(turn: string, text: string): void {
    if (this.live?.turn === turn) this.live.reasoning.append(text);
  }

  private drawMessages(view: View): void {
    const last = view.messages.at(-1);
    const keys = view.messages.map(message =>
      JSON.stringify([message.n, message.role, message.state, message.at, message.text.length, message === last, view.busy, message.usage ?? 0]));
    const elements = view.messages.map((message, at) => {
      const old = this.keys.indexOf(keys[at] ?? '');
      const kept = old >= 0 ? this.elements[old] : undefined;
      return kept ?? messageElement(message, message === last, view.busy);
    });
    this.keys = keys;
    this.elements = elements;
    const wanted = [...(view.older ? [this.older] : []), ...elements];
    const same = wanted.every((element, at) => this.element.children[at] === element) && this.element.children.length === wanted.length;
    if (!same) this.element.replaceChildren(...wanted);
  }

  private drawLive(live: Live | undefined): void {
    if (!live) {
      this.live = undefined;
      return;
    }
    if (this.live?.turn !== live.turn) {
      const stream = new Stream(live.text);
      const side = el('div', { class: 'notices' });
      const reasoning = el('div', { class: 'reasoning-text' }, live.reasoning);
      const element = el('article', { class: 'message assistant live', 'aria-label': 'Aside, answering', 'aria-busy': 'true' },
        el('header', {}, el('h2', { class: 'who' }, 'Aside'), el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i'))),
        el('details', { class: 'reasoning' }, el('summary', {}, 'Reasoning'), reasoning),
        stream.element, side);
      this.live = { turn: live.turn, stream, element, side, reasoning };
    }
    const { side, element, stream, reasoning } = this.live;
    stream.set(live.text);
    if (reasoning.textContent !== live.reasoning) reasoning.textContent = live.reasoning;
    element.classList.toggle('thinks', live.reasoning !== '');
    const usage = live.usage ? usageText(live.usage) : '';
    side.replaceChildren(...live.notices.map(text => el('p', { class: 'notice' }, text)), ...(usage ? [el('p', { class: 'usage' }, usage)] : []));
    this.element.append(element);
  }

  private clear(): void {
    this.keys = [];
    this.elements = [];
    this.live = undefined;
    this.following = true;
  }

  /** The message at the top, and how far it is scrolled; none at the end. */
  private place(): Place | undefined {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    if (scrollHeight - scrollTop - clientHeight < NEAR) return undefined;
    const first = this.elements.find(element => element.offsetTop + element.offsetHeight > scrollTop);
    return first ? { n: Number(first.dataset['n']), offset: Math.round(scrollTop - first.offsetTop) } : undefined;
  }

  private goTo(place: Place | undefined): void {
    const target = place && this.elements.find(element => Number(element.dataset['n']) === place.n);
    this.following = target === undefined;
    this.element.scrollTop = target ? target.offsetTop + (place?.offset ?? 0) : this.element.scrollHeight;
  }

  private follow(): void {
    if (this.following) this.element.scrollTop = this.element.scrollHeight;
  }

  private scrolled(): void {
    this.following = this.place() === undefined;
    clearTimeout(this.timer);
    // Scrolling fires often; where it comes to rest is what counts.
    this.timer = window.setTimeout(() => {
      const place = this.place();
      if (this.session) post({ type: 'scroll', session: this.session, ...(place ? { place } : {}) });
    }, 150);
  }
}

function welcome(): HTMLElement {
  return el('div', { class: 'welcome' },
    el('p', {}, 'Ask about your code. The open file and your selection go along; what else does is up to you.'),
    el('p', { class: 'hint' }, 'Enter sends, Shift+Enter begins a new line.'));
}
