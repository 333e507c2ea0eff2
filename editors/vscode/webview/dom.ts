// Making elements. Text is only ever set as text: there is no way here to parse HTML.

type Attributes = Record<string, string | boolean | ((event: Event) => void)>;

/** An element with attributes, listeners (functions) and children. A text child is text. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K, attributes: Attributes = {}, ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** Outlines on a grid of 16, drawn for this page. */
const ICONS = {
  send: 'M2.5 8 L13.5 3 L9.5 13.5 L7.5 9 Z',
  stop: 'M4 4 H12 V12 H4 Z',
  copy: 'M5.5 5.5 V2.5 H13.5 V10.5 H10.5 M2.5 5.5 H10.5 V13.5 H2.5 Z',
  insert: 'M2.5 13.5 H13.5 M8 2.5 V10 M5 7 L8 10 L11 7',
  apply: 'M2.5 8.5 L6 12 L13.5 4',
  edit: 'M3 13 L3.5 10.5 L10.5 3.5 L12.5 5.5 L5.5 12.5 Z',
  fork: 'M4 2.5 V13.5 M4 10 C10 10 11.5 8 11.5 4.5 M9.5 6 L11.5 4 L13.5 6',
  trash: 'M2.5 4.5 H13.5 M6 4.5 V2.5 H10 V4.5 M4 4.5 L4.8 13.5 H11.2 L12 4.5',
  close: 'M4 4 L12 12 M12 4 L4 12',
  attach: 'M8 3 V13 M3 8 H13',
  back: 'M9.5 3.5 L5 8 L9.5 12.5',
} as const;
export type Icon = keyof typeof ICONS;

export function icon(name: Icon): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button with an icon, named for screen readers and in its tooltip. */
export function iconButton(name: Icon, label: string, act: () => void): HTMLButtonElement {
  return el('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, click: act }, icon(name));
}
