// A commit message written into the box of VS Code's source control.
import * as vscode from 'vscode';

import type { Server } from '../server/server';

/** The part of the built-in git extension that is used. */
interface Git {
  getAPI(version: 1): { repositories: { rootUri: vscode.Uri; inputBox: { value: string } }[] };
}

/**
 * Asks for a message for what is staged, in the repository whose button was pressed (`target`), else in the first one.
 * What stands in the box already is not lost: it can be undone there.
 */
export async function writeCommitMessage(server: Server, target?: unknown): Promise<void> {
  const git = vscode.extensions.getExtension<Git>('vscode.git');
  const all = (await git?.activate())?.getAPI(1).repositories ?? [];
  const root = (target as { rootUri?: vscode.Uri } | undefined)?.rootUri?.toString();
  const repository = all.find(one => one.rootUri.toString() === root) ?? all[0];
  if (!repository) return void vscode.window.showInformationMessage('There is no git repository in this workspace.');
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Aside: writing a commit message', cancellable: true },
    async (_progress, token) => {
      const { text, leftOut = [] } = await server.ask('aside/commit', { workspace: repository.rootUri.toString(), kind: 'commit' }, token);
      repository.inputBox.value = text;
      if (leftOut.length > 0) {
        void vscode.window.showInformationMessage(`The message was written without what may be secret: ${leftOut.join(', ')}.`);
      }
    },
  );
}
