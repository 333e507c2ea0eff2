// What is done with a code block of an answer: inserted, applied as a previewed edit, copied.
import * as vscode from 'vscode';

import type { LocalEdits } from '../edit/local';
import { placeFor } from '../edit/place';

/** The editor that the person works in: the active one, else the first one that shows a file. */
export function workingEditor(): vscode.TextEditor | undefined {
  const usable = (editor: vscode.TextEditor | undefined): boolean =>
    editor !== undefined && ['file', 'untitled', 'vscode-remote'].includes(editor.document.uri.scheme);
  const active = vscode.window.activeTextEditor;
  return usable(active) ? active : vscode.window.visibleTextEditors.find(usable);
}

/** Puts the code in place of the selection, or at the cursor. One undo step. */
export async function insertBlock(code: string): Promise<void> {
  const editor = workingEditor();
  if (!editor) return nowhere();
  if (!(await editor.edit(edit => edit.replace(editor.selection, code)))) {
    return void vscode.window.showWarningMessage('The code was not inserted: the file cannot be changed.');
  }
  await vscode.window.showTextDocument(editor.document, editor.viewColumn);
}

/** Shows what the code would change in the file: nothing is written before it is accepted. */
export async function applyBlock(code: string, edits: LocalEdits): Promise<void> {
  const editor = workingEditor();
  if (!editor) return nowhere();
  const { document, selection } = editor;
  const range = placeFor(document.getText(), code, {
    start: document.offsetAt(selection.start), end: document.offsetAt(selection.end),
  });
  edits.propose(document, new vscode.Range(document.positionAt(range.start), document.positionAt(range.end)), range.text);
}

export async function copyBlock(code: string): Promise<void> {
  await vscode.env.clipboard.writeText(code);
}

function nowhere(): void {
  void vscode.window.showInformationMessage('Open the file first that the code belongs into.');
}
