// The list of conversations: listed, searched, renamed, thrown away and brought back.
import * as vscode from 'vscode';

import { problemOf, sentence } from '../problems';
import type { SessionInfo } from '../protocol';
import type { Server } from '../server/server';
import type { Entry, View } from './wire';

const PAGE = 50;

/** A title, or words in its place. */
export function titleOf(session: Pick<SessionInfo, 'title'>): string {
  return session.title || 'New conversation';
}

export class History {
  private query = '';
  private entries: Entry[] = [];
  private cursor: string | undefined;
  private note: string | undefined;
  private asked = 0;
  open = false;

  constructor(private readonly server: Server) {}

  /** What the page shows of it; `undefined` while it is closed. `current` is the conversation on the screen. */
  view(current: string | undefined): View['history'] {
    if (!this.open) return undefined;
    const entries = this.entries.map(entry => ({ ...entry, current: entry.id === current }));
    return { query: this.query, entries, more: this.cursor !== undefined, ...(this.note ? { note: this.note } : {}) };
  }

  /** Lists the newest, or what `query` finds. The newest question wins. */
  async load(query = this.query): Promise<void> {
    this.query = query;
    const asked = ++this.asked;
    try {
      const found = query.trim() ? await this.search(query) : await this.list(undefined);
      if (asked !== this.asked) return;
      [this.entries, this.cursor, this.note] = [found.entries, found.cursor, found.note];
    } catch (thrown) {
      if (asked !== this.asked) return;
      [this.entries, this.cursor, this.note] = [[], undefined, sentence(problemOf(thrown))];
    }
  }

  /** The next page of the list. */
  async more(): Promise<void> {
    if (!this.cursor) return;
    const found = await this.list(this.cursor);
    this.entries = [...this.entries, ...found.entries];
    this.cursor = found.cursor;
  }

  /** Asks for a title; gives the session under its new one. */
  async rename(session: SessionInfo | { id: string; title: string }): Promise<SessionInfo | undefined> {
    const title = await vscode.window.showInputBox({ title: 'Rename conversation', value: session.title, prompt: 'The new title' });
    if (!title?.trim()) return undefined;
    return (await this.server.ask('aside/chat/rename', { session: session.id, title })).session;
  }

  /** Puts it into the trash, and offers to take it out again. `back` runs when it was. */
  async remove(id: string, back: () => void): Promise<void> {
    await this.server.ask('aside/chat/delete', { session: id });
    const title = this.entries.find(entry => entry.id === id)?.title ?? 'The conversation';
    void vscode.window.showInformationMessage(`“${title}” is in the trash.`, 'Undo').then(async choice => {
      if (choice !== 'Undo') return;
      try {
        await this.server.ask('aside/chat/restore', { session: id });
        back();
      } catch (thrown) {
        void vscode.window.showErrorMessage(sentence(problemOf(thrown)));
      }
    });
  }

  private async list(cursor: string | undefined): Promise<Found> {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.toString();
    const found = await this.server.ask('aside/chat/list', {
      limit: PAGE, ...(folder ? { workspace: folder } : {}), ...(cursor ? { cursor } : {}),
    });
    return {
      entries: found.sessions.map(session => entry(session)),
      cursor: found.cursor,
      note: found.sessions.length === 0 && !cursor ? 'No conversations here yet.' : undefined,
    };
  }

  private async search(query: string): Promise<Found> {
    const { matches, partial } = await this.server.ask('aside/chat/search', { query, limit: PAGE });
    const first = new Map<string, Entry>();
    for (const match of matches) {
      if (!first.has(match.session.id)) first.set(match.session.id, { ...entry(match.session), snippet: match.snippet });
    }
    const notes = [
      ...(first.size === 0 ? ['Nothing found.'] : []),
      ...(partial ? ['Some messages could not be searched.'] : []),
    ];
    return { entries: [...first.values()], cursor: undefined, note: notes.join(' ') || undefined };
  }
}

interface Found {
  entries: Entry[];
  cursor: string | undefined;
  note: string | undefined;
}

function entry(session: SessionInfo): Entry {
  const when = new Date(session.updated);
  const messages = session.messages === 1 ? '1 message' : `${session.messages} messages`;
  const marks = [session.imported ? 'imported' : '', session.elsewhere ? 'open in another program' : ''].filter(Boolean);
  return {
    id: session.id,
    title: titleOf(session),
    detail: [when.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }), messages, ...marks].join(' · '),
    state: session.state,
    elsewhere: session.elsewhere ?? false,
    current: false,
  };
}
