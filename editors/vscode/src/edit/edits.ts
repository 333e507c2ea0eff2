// The edits that are not settled: those the server streams and those made here from code blocks. One is the current one,
// which commands without an argument mean.
import * as vscode from 'vscode';

import type { EditInfo, Hunk } from '../protocol';

/** Whoever can settle an edit: the server, or this extension for its own. */
export interface Settler {
  accept(edit: string, hunks?: number[], uri?: string): Promise<void>;
  reject(edit: string, hunks?: number[], uri?: string): Promise<void>;
}

export interface Held {
  info: EditInfo;
  settler: Settler;
}

/** Whether somebody still has to look at it. */
export function isOpen(info: EditInfo): boolean {
  return info.state === 'streaming' || ((info.state === 'proposed' || info.state === 'stopped') && hasProposals(info));
}

export function hasProposals(info: EditInfo): boolean {
  return info.files.some(file => file.hunks.some(hunk => hunk.state === 'proposed'));
}

export class Edits implements vscode.Disposable {
  private readonly held = new Map<string, Held>();
  private readonly change = new vscode.EventEmitter<{ info: EditInfo; before: EditInfo | undefined }>();
  /** An edit came, changed or was settled. */
  readonly onChange = this.change.event;

  /** Takes the whole state of an edit. */
  take(info: EditInfo, settler: Settler): void {
    const before = this.held.get(info.id)?.info;
    this.held.delete(info.id);
    // A failed one is kept as well: it can be tried again.
    if (isOpen(info) || info.state === 'failed' || info.state === 'stopped') this.held.set(info.id, { info, settler });
    this.change.fire({ info, before });
    const current = this.current?.info;
    void vscode.commands.executeCommand('setContext', 'aside.edit', current ? contextOf(current) : undefined);
    // Code of the chat is not asked for again: it stands there.
    void vscode.commands.executeCommand('setContext', 'aside.editAgain', current !== undefined && current.action !== 'apply');
  }

  get(id: string): Held | undefined {
    return this.held.get(id);
  }

  /** The newest one that is open, else the newest that failed. */
  get current(): Held | undefined {
    const all = [...this.held.values()].reverse();
    return all.find(one => isOpen(one.info)) ?? all[0];
  }

  /** The open edits that touch a document, with their hunks there. */
  in(uri: vscode.Uri): { info: EditInfo; hunks: Hunk[] }[] {
    const wanted = uri.toString();
    const found: { info: EditInfo; hunks: Hunk[] }[] = [];
    for (const { info } of this.held.values()) {
      const hunks = info.files.filter(file => same(file.uri, wanted)).flatMap(file => file.hunks);
      if (isOpen(info) && hunks.length > 0) found.push({ info, hunks });
    }
    return found;
  }

  /** The server that streamed them is gone: what it proposed cannot be accepted any more. */
  forget(settler: Settler): void {
    for (const { info, settler: owner } of [...this.held.values()]) {
      if (owner === settler) this.take({ ...info, state: 'done' }, settler);
    }
  }

  dispose(): void {
    this.change.dispose();
  }
}

/** The value of the context key `aside.edit`. */
function contextOf(info: EditInfo): string {
  return info.state === 'stopped' && hasProposals(info) ? 'proposed' : info.state;
}

/** URIs are written in more than one way: percent signs, the case of a drive. */
export function same(one: string, other: string): boolean {
  return one === other || vscode.Uri.parse(one).toString() === vscode.Uri.parse(other).toString();
}
