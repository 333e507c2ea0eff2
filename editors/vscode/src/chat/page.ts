// The HTML of the chat page: nothing in it but a script and a style of ours, and a policy that forbids everything else.
import { randomBytes } from 'node:crypto';

import * as vscode from 'vscode';

/** The page's document for `webview`. */
export function pageHtml(webview: vscode.Webview, extension: vscode.Uri): string {
  const nonce = randomBytes(16).toString('base64');
  const file = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(extension, 'dist', name)).toString();
  const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'; form-action 'none'; base-uri 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Aside</title>
<link rel="stylesheet" href="${file('chat.css')}">
</head>
<body>
<script nonce="${nonce}" src="${file('chat.js')}"></script>
</body>
</html>`;
}
