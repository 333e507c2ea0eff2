// Commands for keys. A value is typed in a terminal that runs `aside` itself: it never passes through the editor.
import * as vscode from 'vscode';

import type { Server } from '../server/server';

const NAMES: readonly string[] = ['anthropic', 'openai', 'gemini', 'mistral', 'deepseek', 'groq', 'openrouter', 'xai'];

/** Opens a terminal that runs `aside` with these arguments: no shell is between. */
export function runInTerminal(server: Server, name: string, args: string[]): void {
  if (!server.program) return void vscode.window.showErrorMessage('The program `aside` was not found.');
  const terminal = vscode.window.createTerminal({
    name, shellPath: server.program, shellArgs: args, iconPath: new vscode.ThemeIcon('key'), isTransient: true,
  });
  terminal.show();
}

/** `aside secret set|rotate PROVIDER`, for a provider that the person names. */
export async function keyCommand(server: Server, command: 'set' | 'rotate'): Promise<void> {
  const provider = await pickProvider(server, command === 'set' ? 'Set the key of' : 'Replace the key of');
  if (provider) runInTerminal(server, `aside secret ${command} ${provider}`, ['secret', command, provider]);
}

/** Removes a stored key, after a question. */
export async function deleteKey(server: Server): Promise<void> {
  const { secrets } = await server.ask('aside/secret/list', {});
  if (secrets.length === 0) return void vscode.window.showInformationMessage('No key is stored.');
  const items = secrets.map(({ provider, origin }) => ({ label: provider, description: origin, provider, origin }));
  const chosen = await vscode.window.showQuickPick(items, { title: 'Delete a key' });
  if (!chosen) return;
  const sure = await vscode.window.showWarningMessage(
    `Delete the key of ${chosen.provider}?`, { modal: true, detail: `It is stored for ${chosen.origin}.` }, 'Delete',
  );
  if (sure) await server.ask('aside/secret/delete', { provider: chosen.provider, origin: chosen.origin });
}

export async function lockKeys(server: Server): Promise<void> {
  await server.ask('aside/vault/lock', {});
  vscode.window.setStatusBarMessage('Aside: keys are locked.', 3000);
}

async function pickProvider(server: Server, title: string): Promise<string | undefined> {
  const status = await server.ask('aside/status', {}).catch(() => undefined);
  const known = (status as { providers?: unknown } | undefined)?.providers;
  const names = Array.isArray(known) && known.every(one => typeof one === 'string') ? (known as string[]) : NAMES;
  const items = names.filter(one => one !== 'builtin');
  return await vscode.window.showQuickPick(items, { title, placeHolder: 'The key is asked for in a terminal and never shown' });
}
