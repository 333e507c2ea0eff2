// A text with an edit's hunks applied: what the right side of the diff shows. Pure.
import type { Hunk } from '../protocol';

/** `text` with every hunk that is proposed. Ranges are whole lines and count in `text`; hunks that do not fit are left out. */
export function proposed(text: string, hunks: readonly Hunk[]): string {
  const starts = lineStarts(text);
  const at = (line: number, character: number): number => Math.min((starts[line] ?? text.length) + character, text.length);
  const wanted = hunks
    .filter(hunk => hunk.state === 'proposed')
    .map(({ range, newText }) => ({
      start: at(range.start.line, range.start.character), end: at(range.end.line, range.end.character), newText,
    }))
    .sort((one, other) => one.start - other.start || one.end - other.end);
  let result = '';
  let from = 0;
  for (const { start, end, newText } of wanted) {
    if (start < from) continue;
    result += text.slice(from, start) + newText;
    from = end;
  }
  return result + text.slice(from);
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
