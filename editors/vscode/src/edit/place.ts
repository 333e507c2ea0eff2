// Where a code block of an answer belongs in a file. Pure.

/** A range of the text, in UTF-16 units, and what comes there. */
export interface Place {
  start: number;
  end: number;
  text: string;
}

interface Line {
  start: number;
  /** With its line break. */
  end: number;
  text: string;
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found + 1;
    lines.push({ start, end, text: text.slice(start, end).trimEnd() });
    start = end;
  }
  return lines;
}

/**
 * A selection is replaced, by whole lines. Without one, the block replaces the lines between its own first and last
 * line where each stands in the file once or the pair is unambiguous; else a block that begins as a line of the file
 * does replaces what that line opens, by indentation; else it is inserted before the line of the cursor, or at the end.
 */
export function placeFor(text: string, code: string, selection: { start: number; end: number }): Place {
  const lines = linesOf(text);
  const block = code.endsWith('\n') || code === '' ? code : `${code}\n`;
  if (selection.start !== selection.end) {
    const touched = lines.filter(line => line.end > selection.start && line.start < selection.end);
    const [first, last] = [touched[0], touched.at(-1)];
    if (first && last) return { start: first.start, end: last.end, text: ended(block, last.end, text) };
  }
  const found = anchored(lines, linesOf(block));
  if (found) return { ...found, text: ended(block, found.end, text) };
  const line = lines.find(one => one.start <= selection.start && selection.start < one.end);
  const at = line?.start ?? text.length;
  const gap = at === text.length && text !== '' && !text.endsWith('\n') ? '\n' : '';
  return { start: at, end: at, text: gap + block };
}

/** A last line without a line break stays one. */
function ended(block: string, end: number, text: string): string {
  return end === text.length && !text.endsWith('\n') ? block.replace(/\n$/, '') : block;
}

function anchored(lines: Line[], block: Line[]): { start: number; end: number } | undefined {
  const solid = block.filter(line => line.text.trim() !== '');
  const [first, last] = [solid[0], solid.at(-1)];
  if (!first || !last) return undefined;
  const starts = lines.flatMap((line, at) => (line.text === first.text || opens(line.text, first.text) ? [at] : []));
  const [at, ...others] = starts;
  if (at === undefined || others.length > 0) return undefined;
  const indent = (text: string): number => text.length - text.trimStart().length;
  const base = indent(lines[at]!.text);
  // What the first line opens ends with the next line that is as far out; a closing line belongs to it.
  let end = at + 1;
  while (end < lines.length && (lines[end]!.text === '' || indent(lines[end]!.text) > base)) end++;
  if (end < lines.length && /^\s*[\])}]|^\s*end\b/.test(lines[end]!.text) && indent(lines[end]!.text) === base) end++;
  else while (end > at + 1 && lines[end - 1]!.text === '') end--;
  return { start: lines[at]!.start, end: lines[end - 1]!.end };
}

/** Whether both lines declare the same thing: the same words up to the name. */
function opens(line: string, other: string): boolean {
  const head = (text: string): string | undefined =>
    /^\s*(?:(?:export|pub|async|static|default|public|private|protected)\s+)*(?:fn|function|def|class|struct|enum|trait|interface|type|impl|const|let|func)\s+[\w$]+/.exec(text)?.[0];
  const [mine, theirs] = [head(line), head(other)];
  return mine !== undefined && mine === theirs;
}
