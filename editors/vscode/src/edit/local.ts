// Edits made here, from a code block of an answer: previewed and settled like the server's.
import * as vscode from 'vscode';

import type { EditInfo } from '../protocol';
import type { Edits, Settler } from './edits';

export class LocalEdits implements Settler, vscode.Disposable {
  private count = 0;
  private readonly listener: vscode.Disposable;

  constructor(private readonly edits: Edits) {
    this.listener = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0) this.outdated(document);
    });
  }

  /** Proposes `text` in place of `range`. */
  propose(document: vscode.TextDocument, range: vscode.Range, text: string): void {
    const uri = document.uri.toString();
    const oldText = document.getText(range);
    if (oldText === text) {
      void vscode.window.showInformationMessage('The file has this code already.');
      return;
    }
    const info: EditInfo = {
      id: `local-${++this.count}`, action: 'apply', title: 'Code from the chat', state: 'proposed', received: text.length, notes: [],
      files: [{
        uri, label: vscode.workspace.asRelativePath(document.uri, false), version: document.version, warnings: [],
        hunks: [{ n: 0, range, oldText, newText: document.eol === vscode.EndOfLine.CRLF ? text.replace(/\r?\n/g, '\r\n') : text, state: 'proposed', warnings: [] }],
      }],
    };
    this.edits.take(info, this);
  }

  async accept(id: string): Promise<void> {
    const info = this.edits.get(id)?.info;
    const [file] = info?.files ?? [];
    const [hunk] = file?.hunks ?? [];
    if (!info || !file || !hunk) return;
    const uri = vscode.Uri.parse(file.uri);
    const document = await vscode.workspace.openTextDocument(uri);
    const { start, end } = hunk.range;
    const range = new vscode.Range(start.line, start.character, end.line, end.character);
    if (document.version !== file.version || document.getText(range) !== hunk.oldText) return this.stale(info);
    const change = new vscode.WorkspaceEdit();
    change.replace(uri, range, hunk.newText);
    this.edits.take({ ...info, state: 'done' }, this);
    if (!(await vscode.workspace.applyEdit(change))) this.stale(info);
  }

  async reject(id: string): Promise<void> {
    const info = this.edits.get(id)?.info;
    if (info) this.edits.take({ ...info, state: 'done' }, this);
  }

  dispose(): void {
    this.listener.dispose();
  }

  private outdated(document: vscode.TextDocument): void {
    for (const { info } of this.edits.in(document.uri)) {
      if (this.edits.get(info.id)?.settler === this) this.stale(info);
    }
  }

  private stale(info: EditInfo): void {
    this.edits.take({ ...info, state: 'done' }, this);
    void vscode.window.showInformationMessage('The file changed, so the code of the chat was not applied. Apply it again to see it anew.');
  }
}
