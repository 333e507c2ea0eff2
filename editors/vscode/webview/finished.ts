// How much of an answer that still comes is finished and need not be drawn again. Pure.

/** How far `text` is finished from `from` on: after the last blank line that is in no code block or list. */
export function finished(text: string, from: number): number {
  let fence: string | undefined;
  let end = from;
  let at = from;
  let indented = false;
  while (at < text.length) {
    const next = text.indexOf('\n', at);
    if (next < 0) break;
    const line = text.slice(at, next);
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence) {
      if (mark && mark[0] === fence[0] && mark.length >= fence.length && line.trim() === mark) fence = undefined;
    } else if (mark) {
      fence = mark;
    }
    if (line.trim() !== '') indented = /^(\s|[-*+>]\s|\d+[.)]\s)/.test(line);
    at = next + 1;
    if (!fence && !indented && line.trim() === '') end = at;
  }
  return end;
}
