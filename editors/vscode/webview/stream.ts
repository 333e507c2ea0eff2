// An answer that still comes: what is finished is drawn once, only its end is drawn again, at most once a frame.
import { codeBlock } from './code';
import { el } from './dom';
import { finished } from './finished';
import { render } from './markdown';
import { post } from './port';

export class Stream {
  readonly element = el('div', { class: 'markdown' });
  private readonly tail = el('div', { class: 'tail' });
  private text = '';
  private done = 0;
  private frame = 0;

  constructor(text: string) {
    this.element.append(this.tail);
    this.add(text);
  }

  add(text: string): void {
    this.text += text;
    // An animation frame does not come while the page is hidden; it is then drawn when it is seen again.
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  /** The whole text so far: what is missing is added; a text that begins otherwise is drawn anew. */
  set(text: string): void {
    if (!text.startsWith(this.text)) {
      this.element.replaceChildren(this.tail);
      this.text = '';
      this.done = 0;
    }
    this.add(text.slice(this.text.length));
  }

  private draw(): void {
    this.frame = 0;
    const hooks = { link: (url: string) => post({ type: 'link', url }), code: (code: string, language: string) => codeBlock(code, language, true) };
    const end = finished(this.text, this.done);
    if (end > this.done) {
      this.tail.before(render(this.text.slice(this.done, end), hooks));
      this.done = end;
    }
    this.tail.replaceChildren(render(this.text.slice(this.done), hooks));
    this.element.dispatchEvent(new CustomEvent('grown', { bubbles: true }));
  }
}
