// What the extension remembers of the chat between two windows: which conversation, where in it, and what was not yet
// sent. No text of a conversation is kept here: that is sealed by the server. The draft is the person's own unsent text.
import type * as vscode from 'vscode';

import type { Place } from './wire';

const DRAFT_CHARS = 100_000;

export class Memory {
  constructor(private readonly workspace: vscode.Memento, private readonly everywhere: vscode.Memento) {}

  get session(): string | undefined {
    return this.workspace.get('chat.session');
  }

  set session(id: string | undefined) {
    void this.workspace.update('chat.session', id);
  }

  get draft(): string {
    return this.workspace.get('chat.draft', '');
  }

  set draft(text: string) {
    void this.workspace.update('chat.draft', text ? text.slice(0, DRAFT_CHARS) : undefined);
  }

  /** Where the person was in the remembered conversation; none for its end. */
  get place(): Place | undefined {
    return this.workspace.get('chat.place');
  }

  set place(place: Place | undefined) {
    void this.workspace.update('chat.place', place);
  }

  /** The model the person chose last; empty for the one of the settings. */
  get model(): string {
    return this.everywhere.get('chat.model', '');
  }

  set model(model: string) {
    void this.everywhere.update('chat.model', model || undefined);
  }
}
