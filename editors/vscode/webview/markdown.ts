// Markdown of a model as DOM nodes. Safe by construction: a node is made for each token by name, text is set as text,
// no attribute but a few fixed ones is written, HTML is not parsed, images are not loaded, links do not navigate.
import MarkdownIt from 'markdown-it';

import { el } from './dom';

type Token = ReturnType<InstanceType<typeof MarkdownIt>['parse']>[number];

/** What the renderer cannot do itself. */
export interface Hooks {
  /** A link was clicked. */
  link(url: string): void;
  /** The element of a code block. */
  code(text: string, language: string): HTMLElement;
}

// Links of any kind become buttons, so what they point at is for the extension to judge.
const parser = new MarkdownIt('default', { html: false, linkify: true, typographer: false, maxNesting: 40 });
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
parser.validateLink = () => true;
// Addresses are shown as they are written.
parser.normalizeLink = url => url;
parser.normalizeLinkText = text => text;

/** Longer texts are shown as they are: parsing them would hold the page up. */
const PARSED = 400_000;

/** The nodes for `text`. */
export function render(text: string, hooks: Hooks): DocumentFragment {
  const fragment = document.createDocumentFragment();
  if (text.length > PARSED) {
    fragment.append(el('pre', { class: 'plain' }, text));
    return fragment;
  }
  build(parser.parse(text, {}), fragment, hooks);
  return fragment;
}

/** Elements that stand for themselves; everything else is handled by name below or left out. */
const ELEMENTS = new Set([
  'p', 'ul', 'ol', 'li', 'blockquote', 'strong', 'em', 's', 'table', 'thead', 'tbody', 'tr', 'th', 'td',
]);

function build(tokens: Token[], root: Node, hooks: Hooks): void {
  const stack: Node[] = [root];
  // The page's own headings come first, and no level is left out, however the model counts.
  let level = 2;
  const top = (): Node => stack[stack.length - 1] ?? root;
  for (const token of tokens) {
    if (token.nesting === 1) {
      if (token.type === 'heading_open') level = Math.min(6, level + 1, Number(token.tag.slice(1)) + 2);
      const element = opened(token, level, hooks);
      if (!token.hidden) top().appendChild(element);
      stack.push(token.hidden ? top() : element);
    } else if (token.nesting === -1) {
      const element = stack.pop();
      if (token.type === 'link_close' && element instanceof HTMLElement) finishLink(element);
    } else {
      single(token, top(), hooks);
    }
  }
}

function opened(token: Token, level: number, hooks: Hooks): HTMLElement {
  if (token.type === 'link_open') return link(String(token.attrGet('href') ?? ''), hooks);
  if (token.type === 'heading_open') {
    return el('div', { role: 'heading', 'aria-level': String(level), class: `heading ${token.tag}` });
  }
  if (!ELEMENTS.has(token.tag)) return el('div');
  const element = document.createElement(token.tag);
  const start = token.attrGet('start');
  if (token.tag === 'ol' && start !== null && /^\d{1,9}$/.test(String(start))) element.setAttribute('start', String(start));
  return element;
}

function single(token: Token, parent: Node, hooks: Hooks): void {
  switch (token.type) {
    case 'inline':
      build(token.children ?? [], parent, hooks);
      break;
    case 'code_inline':
      parent.appendChild(el('code', {}, token.content));
      break;
    case 'fence':
    case 'code_block':
      parent.appendChild(hooks.code(token.content, token.info.trim().split(/\s+/)[0] ?? ''));
      break;
    case 'softbreak':
      parent.appendChild(document.createTextNode('\n'));
      break;
    case 'hardbreak':
      parent.appendChild(el('br'));
      break;
    case 'hr':
      parent.appendChild(el('hr'));
      break;
    case 'image':
      parent.appendChild(image(token, hooks));
      break;
    default:
      // Text, and everything a plugin might add: what it says, as text.
      parent.appendChild(document.createTextNode(token.content));
  }
}

/** A link that says where it leads, and asks the extension when it is clicked. */
function link(url: string, hooks: Hooks): HTMLElement {
  const element = el('button', { type: 'button', role: 'link', class: 'link', click: () => hooks.link(url) });
  element.dataset['url'] = url;
  return element;
}

/** The whole address behind the words, unless the words are the address. */
function finishLink(element: HTMLElement): void {
  const url = element.dataset['url'] ?? '';
  if (element.textContent !== url) element.append(el('span', { class: 'address' }, ` (${url})`));
}

/** An image is named and never loaded. */
function image(token: Token, hooks: Hooks): HTMLElement {
  const url = String(token.attrGet('src') ?? '');
  const element = link(url, hooks);
  element.append(`Image not loaded: ${token.content || 'without a name'}`);
  finishLink(element);
  return element;
}
