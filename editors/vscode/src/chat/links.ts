// What happens when a link in an answer is clicked: the whole address is shown and asked about; nothing opens by itself.
import * as vscode from 'vscode';

import { readLink } from './target';

/** Acts on a click. */
export async function followLink(link: string): Promise<void> {
  const target = readLink(link);
  if (target.kind === 'web') {
    const choice = await vscode.window.showWarningMessage(
      'Open this address in the browser?',
      { modal: true, detail: `${target.url}\n\nIt comes from a model’s answer. What stands in the address is sent to its host.` },
      'Open',
    );
    // A string with every character percent-encoded once is opened as it was shown.
    if (choice === 'Open') await vscode.env.openExternal(vscode.Uri.parse(target.url, true));
  } else if (target.kind === 'file') {
    await openFile(target.path, target.line);
  } else {
    void vscode.window.showInformationMessage(`Aside does not open this link: ${link.slice(0, 300)}`);
  }
}

async function openFile(path: string, line: number | undefined): Promise<void> {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const uri = vscode.Uri.joinPath(folder.uri, path);
    const there = await vscode.workspace.fs.stat(uri).then(() => true, () => false);
    if (!there) continue;
    const at = new vscode.Position(Math.max(0, (line ?? 1) - 1), 0);
    await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at), preview: true });
    return;
  }
  void vscode.window.showInformationMessage(`There is no file ${path} in this workspace.`);
}
