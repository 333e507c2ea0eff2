// The menu behind the status bar, and the small dialogs it leads to: model, suggestions, why nothing came, checks.
import * as vscode from 'vscode';

import type { Chat } from './chat/chat';
import { problemOf, sentence } from './problems';
import type { Server } from './server/server';

type Item = vscode.QuickPickItem & { command?: string };

const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });

/** Shows what can be done now. */
export async function showMenu(server: Server): Promise<void> {
  const item = (label: string, command: string, detail?: string): Item => ({ label, command, ...(detail ? { detail } : {}) });
  const enabled = vscode.workspace.getConfiguration('aside').get('complete.enabled', true);
  const ready = server.state.name === 'ready';
  const items: Item[] = [
    ...(server.state.name === 'down' ? [item('$(error) Start again', 'aside.restart', sentence(server.state.problem))] : []),
    ...(server.state.name === 'restricted'
      ? [item('$(shield) Manage trust', 'workbench.trust.manage', 'Aside starts nothing before you trust this workspace.')]
      : []),
    ...(ready
      ? [
          item('$(comment-discussion) Open chat', 'aside.openChat'),
          item('$(edit) Edit here…', 'aside.editHere'),
          item('$(list-unordered) Actions here…', 'aside.actionsHere'),
          separator('Suggestions'),
          item(enabled ? '$(circle-slash) Turn suggestions off' : '$(sparkle) Turn suggestions on', 'aside.toggleSuggestions'),
          item('$(question) Why no suggestion?', 'aside.whyNothing'),
          separator('Models and keys'),
          item('$(server) Choose chat model', 'aside.chooseModel'),
          item('$(settings-gear) Open settings file', 'aside.openSettingsFile'),
          item('$(key) Set a key', 'aside.setKey', 'In a terminal: keys never pass through the editor'),
          item('$(lock) Lock keys', 'aside.lockKeys'),
          item('$(unlock) Unlock keys', 'aside.unlockKeys'),
        ]
      : []),
    separator('Help'),
    ...(ready ? [item('$(checklist) Check everything', 'aside.doctor')] : []),
    item('$(output) Show log', 'aside.showLog'),
    item('$(debug-restart) Restart server', 'aside.restart'),
  ];
  const chosen = await vscode.window.showQuickPick(items, { title: 'Aside' });
  if (chosen?.command) await vscode.commands.executeCommand(chosen.command);
}

/** Lets the person choose the chat's model among those that can answer. */
export async function chooseModel(chat: Chat): Promise<void> {
  const items = ['', ...chat.knownModels].map(model => ({
    label: model || 'Default', model, ...(model ? {} : { description: 'the one of your settings' }),
    ...(model === chat.model ? { detail: 'in use' } : {}),
  }));
  const chosen = await vscode.window.showQuickPick(items, { title: 'Model for the chat' });
  if (chosen) chat.choose(chosen.model);
}

/** Suggestions on or off, in the person's own settings. */
export async function toggleSuggestions(): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('aside');
  const enabled = configuration.get('complete.enabled', true);
  await configuration.update('complete.enabled', !enabled, vscode.ConfigurationTarget.Global);
  const now = vscode.workspace.getConfiguration('aside').get('complete.enabled', true);
  const word = now ? 'on' : 'off';
  if (now !== enabled) return void vscode.window.setStatusBarMessage(`Aside: suggestions are ${word}.`, 3000);
  void vscode.window.showInformationMessage(`Suggestions stay ${word}: the settings of this workspace say so (\`aside.complete.enabled\`).`);
}

/** Says why the last suggestion was empty. */
export async function whyNothing(server: Server): Promise<void> {
  const { lastEmpty, roles } = await server.ask('aside/status', {});
  const complete = roles['complete'];
  if (!complete?.model) {
    const fault = { code: '', message: complete?.detail ?? 'No model completes code', ...(complete?.hint ? { hint: complete.hint } : {}) };
    return void vscode.window.showInformationMessage(sentence(fault));
  }
  const text = lastEmpty ? sentence(lastEmpty) : `Every suggestion that was asked for came, from ${complete.model}.`;
  const chosen = await vscode.window.showInformationMessage(text, 'Check everything', 'Show log');
  if (chosen) await vscode.commands.executeCommand(chosen === 'Show log' ? 'aside.showLog' : 'aside.doctor');
}

/** What a suggestion at the cursor would send, to whom, and what is left out. */
export async function explainHere(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return void vscode.window.showInformationMessage('Open a file first.');
  const { line, character } = editor.selection.active;
  const found = await server.ask('aside/complete/explain', {
    textDocument: { uri: editor.document.uri.toString() }, position: { line, character },
  });
  await showText(JSON.stringify(found, null, 2), 'json');
}

/** The checks of `aside doctor`, as a document. */
export async function doctor(server: Server): Promise<void> {
  const { checks } = await server.ask('aside/health', {});
  const mark: Record<string, string> = { good: 'good', note: 'note', bad: 'WRONG' };
  const lines = checks.flatMap(({ name, result, detail, next }) => [
    `${(mark[result] ?? result).padEnd(6)} ${name}: ${detail}`, ...(next ? [`       next: ${next}`] : []),
  ]);
  await showText(`${lines.join('\n')}\n`, 'plaintext');
}

/** Runs `act`; what goes wrong is said once. */
export async function telling(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    if (!(thrown instanceof vscode.CancellationError)) void vscode.window.showErrorMessage(sentence(problemOf(thrown)));
  }
}

async function showText(content: string, language: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ content, language });
  await vscode.window.showTextDocument(document, { preview: true });
}
