// Failures in words: what a request, a start or the operating system gave, as one problem with a stable code.
import type { Fault } from './protocol';

/** A failure that a person reads: what is wrong, and the next step. */
export class Problem extends Error implements Fault {
  readonly code: string;
  readonly hint?: string;

  constructor(fault: Fault) {
    super(fault.message);
    this.code = fault.code;
    if (fault.hint !== undefined) this.hint = fault.hint;
  }
}

/** Whatever was thrown, as a problem. The server's `data` is taken where it is one; its own sentence otherwise. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  const data = (thrown as { data?: unknown } | null)?.data as Partial<Fault> | undefined;
  if (typeof data?.code === 'string' && typeof data.message === 'string') {
    return new Problem({ code: data.code, message: data.message, ...(typeof data.hint === 'string' ? { hint: data.hint } : {}) });
  }
  if ((thrown as { code?: unknown } | null)?.code === -32601) {
    return new Problem({
      code: 'unknown-method',
      message: 'This version of `aside` cannot do that yet.',
      hint: 'Install the version of `aside` that belongs to this extension.',
    });
  }
  return new Problem({ code: 'failed', message: thrown instanceof Error ? thrown.message : String(thrown) });
}

/** One line for a message box: a full sentence, then the next step. */
export function sentence(fault: Fault): string {
  const end = (text: string): string => (/[.!?…:]$/.test(text) ? text : `${text}.`);
  const start = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
  return fault.hint ? `${end(start(fault.message))} ${end(start(fault.hint))}` : end(start(fault.message));
}

/** Whether it came from a request that somebody gave up. */
export function isCancelled(thrown: unknown): boolean {
  return [-32800, -32801].includes((thrown as { code?: number } | null)?.code ?? 0);
}
