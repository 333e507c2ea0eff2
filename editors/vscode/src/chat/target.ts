// What a link of an answer points at. Pure.

/** What a link points at. */
export type Target = { kind: 'web'; url: string } | { kind: 'file'; path: string; line?: number } | { kind: 'none' };

/** Reads a link of an answer: an address of the web, or a path inside the workspace with an optional line. */
export function readLink(link: string): Target {
  if (/[\u0000-\u001f\u007f]/.test(link) || link.length > 4096) return { kind: 'none' };
  if (/^https?:\/\//i.test(link)) {
    try {
      return { kind: 'web', url: new URL(link).href };
    } catch {
      return { kind: 'none' };
    }
  }
  // A scheme, or a host without one.
  if (/^[a-z][a-z0-9+.-]+:(?!\d+$)/i.test(link) || link.startsWith('//') || link.startsWith('\\')) return { kind: 'none' };
  const found = /^(.+?)(?:(?::|#L)(\d+))?$/.exec(link);
  const path = found?.[1] ?? '';
  if (!path || path.startsWith('#') || path.startsWith('/') || path.split(/[/\\]/).includes('..')) return { kind: 'none' };
  return { kind: 'file', path, ...(found?.[2] ? { line: Number(found[2]) } : {}) };
}
