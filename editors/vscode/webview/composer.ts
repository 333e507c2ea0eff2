// Where the person writes: the box, what goes along, the model, send and stop.
import type { View } from '../src/chat/wire';
import { el, icon, iconButton } from './dom';
import { post } from './port';

export class Composer {
  private readonly box = el('textarea', {
    'aria-label': 'Your question', placeholder: 'Ask Aside', rows: '1', input: () => this.changed(), keydown: event => this.key(event as KeyboardEvent),
  });
  private readonly chips = el('ul', { class: 'chips', 'aria-label': 'Attached to the question', hidden: true });
  private readonly model = el('select', { 'aria-label': 'Model', title: 'Model', change: () => post({ type: 'model', model: this.model.value }) });
  private readonly send = el('button', { type: 'button', class: 'primary', 'aria-label': 'Send', title: 'Send (Enter)', click: () => this.submit() }, icon('send'));
  private readonly stop = el('button', { type: 'button', class: 'primary', 'aria-label': 'Stop', title: 'Stop the answer (Esc)', hidden: true, click: () => post({ type: 'stop' }) }, icon('stop'));
  private readonly attach = el('select', { class: 'attach', 'aria-label': 'Attach', title: 'Attach', change: () => this.attached() });
  readonly element: HTMLElement;
  private busy = false;

  constructor() {
    this.attach.append(
      el('option', { value: '' }, 'Attach…'), el('option', { value: 'selection' }, 'Selection'),
      el('option', { value: 'file' }, 'File'), el('option', { value: 'problems' }, 'Problems of the file'));
    this.element = el('section', { class: 'composer', 'aria-label': 'Your question' },
      this.chips, this.box, el('div', { class: 'row' }, this.attach, this.model, el('span', { class: 'space' }), this.send, this.stop));
  }

  draw(view: View, reset: boolean): void {
    this.busy = view.busy;
    // What the person is typing is never written over.
    if (reset && this.box.value === '') this.box.value = view.draft;
    this.send.hidden = view.busy;
    this.stop.hidden = !view.busy;
    this.chips.hidden = view.attachments.length === 0;
    this.chips.replaceChildren(...view.attachments.map((label, index) =>
      el('li', { class: 'chip' }, label, iconButton('close', `Leave out ${label}`, () => post({ type: 'detach', index })))));
    this.drawModels(view);
    this.grow();
  }

  focus(): void {
    this.box.focus();
  }

  private drawModels({ models, model }: View): void {
    const values = models.map((one, at) => (at === 0 ? '' : one));
    if (values.join() !== [...this.model.options].map(option => option.value).join() || this.model.options[0]?.text !== models[0]) {
      this.model.replaceChildren(...models.map((text, at) => el('option', { value: at === 0 ? '' : text }, text)));
    }
    this.model.value = model;
  }

  private attached(): void {
    const what = this.attach.value;
    this.attach.value = '';
    if (what === 'selection' || what === 'file' || what === 'problems') post({ type: 'attach', what });
  }

  private changed(): void {
    this.grow();
    // At once: a window may be closed in the middle of a word.
    post({ type: 'draft', text: this.box.value });
  }

  private key(event: KeyboardEvent): void {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.submit();
    } else if (event.key === 'Escape' && this.busy) {
      post({ type: 'stop' });
    }
  }

  private submit(): void {
    const text = this.box.value;
    if (this.busy || !text.trim()) return;
    this.box.value = '';
    this.grow();
    post({ type: 'send', text });
  }

  /** As high as its text, up to a third of the page. The policy of the page forbids style in its text, not here. */
  private grow(): void {
    this.box.style.height = 'auto';
    this.box.style.height = `${Math.min(this.box.scrollHeight + 2, Math.max(80, window.innerHeight / 3))}px`;
  }
}
