// The chat page as a person sees it: what can be done with it, by name.
import { until } from './editor.mjs';

export class ChatPage {
  constructor(frame) {
    this.frame = frame;
  }

  get box() {
    return this.frame.getByRole('textbox', { name: 'Your question' }).last();
  }

  get messages() {
    return this.frame.locator('article');
  }

  get answer() {
    return this.frame.locator('article.assistant').last();
  }

  button(name) {
    return this.frame.getByRole('button', { name, exact: true });
  }

  async ask(text) {
    await this.box.fill(text);
    await this.box.press('Enter');
  }

  /** Waits until the last answer has `text`. */
  async says(text) {
    await until(`an answer with ${text}`, async () => (await this.answer.innerText()).includes(text));
  }

  /** Waits until no answer is being given. */
  async rests() {
    await until('the answer to end', async () => (await this.button('Send').isVisible()) && (await this.frame.locator('.live').count()) === 0);
  }

  async texts() {
    return await this.frame.locator('article .text, article .markdown').allInnerTexts();
  }
}
