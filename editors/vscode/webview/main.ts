// The chat page: makes its parts, draws what the extension says, tells it what the person does.
import type { Banner, ToPage, View } from '../src/chat/wire';
import { Composer } from './composer';
import { el } from './dom';
import { HistoryList } from './history';
import { post } from './port';
import { Transcript } from './transcript';

const transcript = new Transcript();
const composer = new Composer();
const history = new HistoryList();
const title = el('h1', { class: 'title-bar' });
const banner = el('div', { class: 'banner', role: 'alert', hidden: true });
const announcer = el('div', { class: 'hidden-text', role: 'status', 'aria-live': 'polite' });
const chat = el('div', { class: 'chat' }, transcript.element, composer.element);

document.body.append(el('main', {}, title, banner, history.element, chat), announcer);

function drawBanner(shown: Banner | undefined): void {
  banner.hidden = shown === undefined;
  // An alert is read out when it changes: the same one is left alone.
  const key = JSON.stringify(shown ?? null);
  if (banner.dataset['key'] === key) return;
  banner.dataset['key'] = key;
  banner.className = `banner ${shown?.kind ?? ''}`;
  banner.replaceChildren(...(shown
    ? [
        el('p', {}, sentence(shown.text)), ...(shown.hint ? [el('p', { class: 'hint' }, sentence(shown.hint))] : []),
        el('div', { class: 'row' }, ...shown.choices.map(choice =>
          el('button', { type: 'button', class: 'secondary', click: () => post({ type: 'run', command: choice.command }) }, choice.title))),
      ]
    : []));
  banner.querySelectorAll('.row:empty').forEach(row => row.remove());
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…:]$/.test(begun) ? begun : `${begun}.`;
}

function draw(view: View, reset: boolean): void {
  const listed = history.draw(view.history);
  chat.hidden = listed;
  title.textContent = listed ? 'Conversations' : view.session?.title || 'New conversation';
  drawBanner(view.banner);
  transcript.draw(view, reset);
  composer.draw(view, reset);
}

window.addEventListener('message', ({ data, origin }: MessageEvent<ToPage>) => {
  // The extension speaks from the editor's own origin; frames of the page do not exist.
  if (typeof data !== 'object' || data === null || !origin) return;
  switch (data.type) {
    case 'view': return draw(data.view, data.reset);
    case 'delta': return transcript.delta(data.turn, data.text);
    case 'reasoning': return transcript.reasoning(data.turn, data.text);
    case 'announce':
      announcer.textContent = data.text;
      return;
    case 'focus': return composer.focus();
    default:
  }
});

post({ type: 'ready' });
