// The status bar: which model, whether it works, whether the keys are locked, and why nothing came. Its click opens the menu.
import * as vscode from 'vscode';

import type { Chat } from './chat/chat';
import { lineOf, type Facts } from './line';
import type { Status } from './protocol';
import type { Server } from './server/server';

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('aside.status', vscode.StatusBarAlignment.Right, 100);
  private readonly disposables: vscode.Disposable[];
  private status: Status | undefined;
  private completing = false;
  private answering = false;
  private reason: Facts['reason'];

  constructor(private readonly server: Server, chat: Chat) {
    this.item.name = 'Aside';
    this.item.command = 'aside.menu';
    this.disposables = [
      this.item,
      server.onState(() => void this.refresh()),
      server.onStatus(() => void this.refresh()),
      server.onWork(working => this.draw((this.completing = working))),
      server.onCompletion(reason => this.draw((this.reason = reason))),
      chat.onBusy(busy => this.draw((this.answering = busy))),
      vscode.workspace.onDidChangeConfiguration(change => change.affectsConfiguration('aside') && this.draw()),
    ];
    this.item.show();
    this.draw();
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }

  private async refresh(): Promise<void> {
    if (this.server.state.name === 'ready') {
      this.status = await this.server.ask('aside/status', {}).catch(() => undefined);
    } else {
      this.status = this.reason = undefined;
    }
    this.draw();
  }

  // The argument is there so that callers can set and draw in one expression.
  private draw(_?: unknown): void {
    const line = lineOf({
      server: this.server.state, working: this.completing || this.answering,
      enabled: vscode.workspace.getConfiguration('aside').get('complete.enabled', true),
      ...(this.status ? { status: this.status } : {}), ...(this.reason ? { reason: this.reason } : {}),
    });
    const tooltip = new vscode.MarkdownString();
    for (const text of line.tooltip) tooltip.appendText(`${text}\n\n`);
    this.item.text = line.text;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: `Aside. ${line.tooltip.join(' ')}`, role: 'button' };
    this.item.backgroundColor = line.level === 'plain' ? undefined : new vscode.ThemeColor(`statusBarItem.${line.level}Background`);
  }
}
