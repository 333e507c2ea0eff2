// What the person attaches to the next question: selection, file, problems; and what they look at.
import * as vscode from 'vscode';

import type { Attachment } from '../protocol';

/** An attachment and the words it is shown with. */
export interface Attached {
  label: string;
  attachment: Attachment;
}

const name = (uri: vscode.Uri): string => vscode.workspace.asRelativePath(uri, false);

function plain(range: vscode.Range): { start: vscode.Position; end: vscode.Position } {
  return { start: range.start, end: range.end };
}

/** The selection of the active editor, `undefined` without one. */
export function selection(editor: vscode.TextEditor | undefined): Attached | undefined {
  if (!editor || editor.selection.isEmpty) return undefined;
  const { document, selection: range } = editor;
  const lines = range.isSingleLine ? `${range.start.line + 1}` : `${range.start.line + 1}–${range.end.line + 1}`;
  const label = `${name(document.uri)}:${lines}`;
  return { label, attachment: { uri: document.uri.toString(), range: plain(range), label } };
}

/** A whole file. */
export function file(uri: vscode.Uri): Attached {
  return { label: name(uri), attachment: { uri: uri.toString(), label: name(uri) } };
}

const SEVERITY = ['error', 'warning', 'information', 'hint'];

/** What other servers say about the file, as text; `undefined` when they have nothing to say. */
export function problems(document: vscode.TextDocument): Attached | undefined {
  const found = vscode.languages.getDiagnostics(document.uri);
  if (found.length === 0) return undefined;
  const lines = found.slice(0, 200).map(({ range, severity, message, source }) => {
    const text = document.lineAt(Math.min(range.start.line, document.lineCount - 1)).text.trim();
    return `line ${range.start.line + 1}: ${SEVERITY[severity] ?? ''}${source ? ` (${source})` : ''}: ${message}\n    ${text}`;
  });
  const label = `Problems of ${name(document.uri)} (${found.length})`;
  return { label, attachment: { text: lines.join('\n'), label } };
}

/** What the person looks at, for the server's context. */
export function focus(editor: vscode.TextEditor | undefined): { uri: string; range?: { start: vscode.Position; end: vscode.Position } } | undefined {
  if (!editor || !['file', 'untitled'].includes(editor.document.uri.scheme)) return undefined;
  const uri = editor.document.uri.toString();
  return editor.selection.isEmpty ? { uri } : { uri, range: plain(editor.selection) };
}
