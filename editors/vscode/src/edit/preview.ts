// The diff of an edit: the file on the left, what it would become on the right, live while the model writes.
import * as vscode from 'vscode';

import type { EditFile, EditInfo } from '../protocol';
import { isOpen, type Edits } from './edits';
import { proposed } from './proposal';

export const SCHEME = 'aside-edit';

/** The virtual document of one file of an edit. Its path is the file's, so that it is coloured as the file is. */
function target(info: EditInfo, file: EditFile, side: 'new' | 'empty'): vscode.Uri {
  const query = new URLSearchParams({ edit: info.id, file: file.uri, side }).toString();
  return vscode.Uri.from({ scheme: SCHEME, path: vscode.Uri.parse(file.uri).path, query });
}

export class Preview implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly change = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.change.event;
  /** What was shown last, so that a document that is still open when its edit is settled keeps its text. */
  private readonly shown = new Map<string, string>();
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly edits: Edits) {
    this.disposables = [
      this.change,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(document => this.shown.delete(document.uri.toString())),
      edits.onChange(({ info, before }) => void this.follow(info, before)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.refresh(document.uri)),
    ];
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const query = new URLSearchParams(uri.query);
    const info = this.edits.get(query.get('edit') ?? '')?.info;
    const file = info?.files.find(one => one.uri === query.get('file'));
    if (query.get('side') === 'empty') return '';
    if (!file || !info || !isOpen(info)) return this.shown.get(uri.toString()) ?? '';
    const text = proposed(await this.original(file), file.hunks);
    this.shown.set(uri.toString(), text);
    return text;
  }

  /** Shows one file of the edit, the first one that has something to look at. */
  async show(info: EditInfo, focus = true): Promise<void> {
    const file = info.files.find(one => one.hunks.some(hunk => hunk.state === 'proposed'));
    if (!file) return;
    const left = file.new ? target(info, file, 'empty') : vscode.Uri.parse(file.uri);
    const more = info.files.length > 1 ? ` (1 of ${info.files.length} files)` : '';
    const line = file.hunks[0]?.range.start.line ?? 0;
    await vscode.commands.executeCommand(
      'vscode.diff', left, target(info, file, 'new'), `${file.label}: ${info.title}${more}`,
      { preview: true, preserveFocus: !focus, selection: new vscode.Range(line, 0, line, 0) },
    );
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }

  private async follow(info: EditInfo, before: EditInfo | undefined): Promise<void> {
    for (const file of info.files) this.change.fire(target(info, file, 'new'));
    const hadSome = before?.files.some(file => file.hunks.length > 0) ?? false;
    const hasSome = info.files.some(file => file.hunks.length > 0);
    if (isOpen(info) && hasSome && !hadSome) await this.show(info, false);
    else if (!isOpen(info)) await this.close(info);
    // Several files: the next one that has something to look at comes by itself.
    else if (settledFile(info, before)) await this.show(info, false);
  }

  /** Closes the diffs of a settled edit; the file itself stays open. */
  private async close(info: EditInfo): Promise<void> {
    for (const group of vscode.window.tabGroups.all) {
      const tabs = group.tabs.filter(({ input }) =>
        input instanceof vscode.TabInputTextDiff && input.modified.scheme === SCHEME
        && new URLSearchParams(input.modified.query).get('edit') === info.id);
      if (tabs.length > 0) await vscode.window.tabGroups.close(tabs, true);
    }
  }

  private refresh(uri: vscode.Uri): void {
    for (const { info } of this.edits.in(uri)) {
      for (const file of info.files) this.change.fire(target(info, file, 'new'));
    }
  }

  private async original(file: EditFile): Promise<string> {
    if (file.new) return '';
    const uri = vscode.Uri.parse(file.uri);
    const open = vscode.workspace.textDocuments.find(document => document.uri.toString() === uri.toString());
    return (open ?? (await vscode.workspace.openTextDocument(uri))).getText();
  }
}

function settledFile(info: EditInfo, before: EditInfo | undefined): boolean {
  const open = (edit: EditInfo | undefined): number =>
    edit?.files.filter(file => file.hunks.some(hunk => hunk.state === 'proposed')).length ?? 0;
  return info.state === 'proposed' && before?.state === 'proposed' && open(info) < open(before);
}
