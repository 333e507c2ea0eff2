// What an open edit shows in the file itself: the lines it would replace, and lenses to settle it there.
import * as vscode from 'vscode';

import type { EditInfo, Hunk } from '../protocol';
import type { Edits } from './edits';

export class Marks implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly change = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.change.event;
  private readonly replaced = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor('diffEditor.removedLineBackground'),
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.modifiedForeground'),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
  });
  private readonly inserted = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    borderWidth: '1px 0 0 0', borderStyle: 'solid',
    borderColor: new vscode.ThemeColor('editorGutter.addedBackground'),
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.addedForeground'),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
  });
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly edits: Edits) {
    this.disposables = [
      this.change, this.replaced, this.inserted,
      vscode.languages.registerCodeLensProvider([{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-remote' }], this),
      edits.onChange(() => this.draw()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.draw()),
    ];
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    return this.edits.in(document.uri).flatMap(({ info, hunks }) => {
      const open = hunks.filter(hunk => hunk.state === 'proposed');
      return open.flatMap((hunk, at) => lensesOf(info, hunk, document.uri, at === 0, open.length));
    });
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }

  private draw(): void {
    this.change.fire();
    for (const editor of vscode.window.visibleTextEditors) {
      // Beside its own diff the file is coloured by that.
      const open = inDiff(editor) ? [] : this.edits.in(editor.document.uri).flatMap(({ hunks }) => hunks.filter(hunk => hunk.state === 'proposed'));
      const ranges = (hunks: Hunk[]): vscode.DecorationOptions[] => hunks.map(hunk => ({ range: lines(hunk), hoverMessage: hover(hunk) }));
      editor.setDecorations(this.replaced, ranges(open.filter(hunk => hunk.oldText !== '')));
      editor.setDecorations(this.inserted, ranges(open.filter(hunk => hunk.oldText === '')));
    }
  }
}

/** Whether the editor is the left side of an edit's diff. */
function inDiff(editor: vscode.TextEditor): boolean {
  return vscode.window.tabGroups.all.some(({ activeTab, viewColumn }) =>
    activeTab?.input instanceof vscode.TabInputTextDiff
    && activeTab.input.original.toString() === editor.document.uri.toString()
    && (editor.viewColumn === undefined || editor.viewColumn === viewColumn));
}

/** The lines a hunk covers; its range ends at the start of the line behind them. */
function lines({ range: { start, end }, oldText }: Hunk): vscode.Range {
  const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  return new vscode.Range(start.line, 0, oldText === '' ? start.line : last, 0);
}

/** The new text as a code block. It comes from a model: no links, no commands, no HTML. */
function hover(hunk: Hunk): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendCodeblock(hunk.newText);
  return text;
}

function lensesOf(info: EditInfo, hunk: Hunk, uri: vscode.Uri, first: boolean, count: number): vscode.CodeLens[] {
  const range = new vscode.Range(hunk.range.start.line, 0, hunk.range.start.line, 0);
  const lens = (title: string, command: string, args: object = { edit: info.id }): vscode.CodeLens =>
    new vscode.CodeLens(range, { title, command, arguments: [args] });
  if (info.state === 'streaming') {
    return first ? [lens(`$(loading~spin) ${info.title}…`, 'aside.showEdit'), lens('Stop', 'aside.stopEdit')] : [];
  }
  const one = { edit: info.id, hunks: [hunk.n], uri: uri.toString() };
  const own = count > 1 ? [lens('Accept', 'aside.acceptEdit', one), lens('Reject', 'aside.rejectEdit', one)] : [];
  const all = first
    ? [
        lens(count > 1 ? `Accept all ${count}` : 'Accept', 'aside.acceptEdit'),
        lens(count > 1 ? 'Reject all' : 'Reject', 'aside.rejectEdit'),
        lens('Show diff', 'aside.showEdit'),
        ...(info.id.startsWith('local-') ? [] : [lens('Try again…', 'aside.retryEdit')]),
      ]
    : [];
  const warnings = hunk.warnings.map(warning => lens(`$(warning) ${warning.message}`, 'aside.showEdit'));
  return [...own, ...all, ...warnings];
}
