// The commands of edits: asked for in words at the cursor, settled, stopped, tried again.
import * as vscode from 'vscode';

import { Problem, problemOf, sentence } from '../problems';
import type { ActionInfo, EditInfo } from '../protocol';
import type { Server } from '../server/server';
import { hasProposals, type Edits, type Settler } from './edits';
import type { Preview } from './preview';

/** What a command may be called with. */
interface Target {
  edit?: string;
  hunks?: number[];
  uri?: string;
}

export class EditCommands implements Settler {
  constructor(private readonly server: Server, private readonly edits: Edits, private readonly preview: Preview) {
    server.onEditEvent(info => this.take(info));
    server.onState(state => state.name === 'ready' ? void this.recall() : edits.forget(this));
  }

  async accept(edit: string, hunks?: number[], uri?: string): Promise<void> {
    const params = { edit, ...(hunks ? { hunks } : {}), ...(uri ? { uri } : {}) };
    this.take((await this.server.ask('aside/edit/accept', params)).edit);
  }

  async reject(edit: string, hunks?: number[], uri?: string): Promise<void> {
    const params = { edit, ...(hunks ? { hunks } : {}), ...(uri ? { uri } : {}) };
    this.take((await this.server.ask('aside/edit/reject', params)).edit);
  }

  /** Asks what should change at the cursor or in the selection, and proposes it. */
  async editHere(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (!editor) return void vscode.window.showInformationMessage('Open a file first.');
    const instruction = await askInstruction(editor);
    if (instruction) await this.run(() => this.act(editor.document.uri, editor.selection, 'rewrite', instruction));
  }

  /** What the server's action "Rewrite…" asks for: words, then the action. */
  async ask(args: { action: string; textDocument: { uri: string }; range: vscode.Range }): Promise<void> {
    const instruction = await askInstruction(vscode.window.activeTextEditor);
    if (instruction) await this.run(() => this.act(vscode.Uri.parse(args.textDocument.uri), args.range, args.action, instruction));
  }

  /** A list of what can be done here. */
  async actionsHere(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (!editor) return void vscode.window.showInformationMessage('Open a file first.');
    await this.run(async () => {
      const textDocument = { uri: editor.document.uri.toString() };
      const { actions } = await this.server.ask('aside/action/list', { textDocument, range: plain(editor.selection) });
      const items = actions.map((action): vscode.QuickPickItem & { action: ActionInfo } => ({
        label: action.title, description: action.answers === 'chat' ? 'answers in the chat' : 'proposes an edit', action,
      }));
      const chosen = (await vscode.window.showQuickPick(items, { title: 'Aside' }))?.action;
      if (!chosen) return;
      const instruction = chosen.asks ? await askInstruction(editor) : undefined;
      if (!chosen.asks || instruction) await this.act(editor.document.uri, editor.selection, chosen.action, instruction);
    });
  }

  async settle(how: 'accept' | 'reject', target: unknown): Promise<void> {
    const { edit, hunks, uri } = targetOf(target);
    const held = edit ? this.edits.get(edit) : this.edits.current;
    if (!held) return void vscode.window.showInformationMessage('There is no edit to look at.');
    await this.run(() => held.settler[how](held.info.id, hunks, uri));
  }

  async stop(target: unknown): Promise<void> {
    const edit = targetOf(target).edit ?? this.edits.current?.info.id;
    if (edit) await this.run(async () => this.take((await this.server.ask('aside/edit/stop', { edit })).edit));
  }

  async retry(target: unknown): Promise<void> {
    const edit = targetOf(target).edit ?? this.edits.current?.info.id;
    if (!edit) return;
    const instruction = await vscode.window.showInputBox({
      title: 'Try again', prompt: 'What should be different this time? Leave it empty to try the same again.',
    });
    if (instruction === undefined) return;
    await this.run(async () => {
      const params = { edit, ...(instruction.trim() ? { instruction } : {}) };
      this.begun((await this.server.ask('aside/edit/retry', params)).edit);
    });
  }

  async show(target: unknown): Promise<void> {
    const { edit } = targetOf(target);
    const held = edit ? this.edits.get(edit) : this.edits.current;
    if (held) await this.preview.show(held.info);
  }

  private async act(uri: vscode.Uri, range: vscode.Range, action: string, instruction: string | undefined): Promise<void> {
    const document = vscode.workspace.textDocuments.find(one => one.uri.toString() === uri.toString());
    const textDocument = { uri: uri.toString(), ...(document ? { version: document.version } : {}) };
    const words = instruction ? { instruction } : {};
    const { edit } = await this.server.ask('aside/action', { action, textDocument, range: plain(range), ...words });
    if (edit) this.begun(edit);
  }

  /** A new edit; its events may have overtaken the answer that brings it, and know more. */
  private begun(edit: EditInfo): void {
    if (!this.edits.get(edit.id)) this.take(edit);
  }

  private take(info: EditInfo): void {
    const before = this.edits.get(info.id)?.info.state;
    this.edits.take(info, this);
    if (info.state === before) return;
    if (info.state === 'streaming') this.watch(info);
    if (info.state === 'failed') void this.failed(info);
    if (info.state === 'proposed' && !hasProposals(info)) {
      void vscode.window.showInformationMessage(info.notes[0] ?? `${info.title}: the model changed nothing.`);
    }
  }

  /** Progress with a way to stop, for as long as the model writes. */
  private watch(info: EditInfo): void {
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Aside: ${info.title}`, cancellable: true },
      async (progress, token) => await new Promise<void>(resolve => {
        // It may have ended before the message was there.
        if (this.edits.get(info.id)?.info.state !== 'streaming') return resolve();
        token.onCancellationRequested(() => void this.stop({ edit: info.id }));
        const listener = this.edits.onChange(({ info: now }) => {
          if (now.id !== info.id) return;
          if (now.state === 'streaming') return progress.report({ message: `${now.received} bytes` });
          listener.dispose();
          resolve();
        });
      }),
    );
  }

  private async failed(info: EditInfo): Promise<void> {
    const fault = info.error ?? { code: 'failed', message: `${info.title} failed` };
    const choice = await vscode.window.showErrorMessage(sentence(fault), 'Try again…');
    if (choice) await this.retry({ edit: info.id });
  }

  /** What was proposed before the window was loaded anew. */
  private async recall(): Promise<void> {
    try {
      for (const info of (await this.server.ask('aside/edit/list', {})).edits.reverse()) this.take(info);
    } catch {
      // A server that has no edits has none to show.
    }
  }

  private async run(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (thrown) {
      if (thrown instanceof vscode.CancellationError) return;
      const problem: Problem = problemOf(thrown);
      void vscode.window.showErrorMessage(sentence(problem));
    }
  }
}

function plain({ start, end }: vscode.Range): { start: { line: number; character: number }; end: { line: number; character: number } } {
  return { start: { line: start.line, character: start.character }, end: { line: end.line, character: end.character } };
}

/** A lens gives an object; a button of the title bar gives a URI, which names the edit in its query. */
function targetOf(target: unknown): Target {
  if (target instanceof vscode.Uri) {
    const edit = new URLSearchParams(target.query).get('edit');
    return edit ? { edit } : {};
  }
  return (target as Target | undefined) ?? {};
}

async function askInstruction(editor: vscode.TextEditor | undefined): Promise<string | undefined> {
  const selection = editor?.selection;
  const where = !selection || selection.isEmpty
    ? 'at the cursor'
    : `in lines ${selection.start.line + 1} to ${selection.end.line + 1}`;
  const words = await vscode.window.showInputBox({
    title: `Edit ${where}`, prompt: 'What should change? You see the difference before anything is written.',
    placeHolder: 'for example: handle an empty list', ignoreFocusOut: true,
  });
  return words?.trim() ? words : undefined;
}
