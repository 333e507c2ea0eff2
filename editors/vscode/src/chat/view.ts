// The chat view: one page at a time, told what the chat is, heard when the person acts.
import * as vscode from 'vscode';

import type { LocalEdits } from '../edit/local';
import { telling } from '../menu';
import { file, problems, selection } from './attachments';
import { applyBlock, copyBlock, insertBlock, workingEditor } from './blocks';
import type { Chat } from './chat';
import { readMessage } from './heard';
import { followLink } from './links';
import type { Memory } from './memory';
import { pageHtml } from './page';
import { ALLOWED_COMMANDS, type FromPage, type ToPage } from './wire';

export class ChatView implements vscode.WebviewViewProvider {
  private view: vscode.WebviewView | undefined;
  private ready = false;
  /** The focus is wanted as soon as there is a page. */
  private focusing = false;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly chat: Chat,
    private readonly memory: Memory,
    private readonly edits: LocalEdits,
  ) {
    chat.onOutput(message => this.post(message));
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    this.ready = false;
    view.webview.options = { enableScripts: true, enableForms: false, localResourceRoots: [vscode.Uri.joinPath(this.extension, 'dist')] };
    view.webview.onDidReceiveMessage((said: unknown) => {
      const message = readMessage(said);
      if (message) void telling(() => this.act(message));
    });
    view.onDidDispose(() => {
      // A view that was moved is made anew before the old one is said to be gone.
      if (this.view === view) this.view = undefined;
    });
    view.webview.html = pageHtml(view.webview, this.extension);
  }

  /** Brings the view to the front with the cursor in its box. */
  async focus(): Promise<void> {
    this.focusing = true;
    await vscode.commands.executeCommand('aside.chat.focus');
    if (this.ready) this.giveFocus();
  }

  private giveFocus(): void {
    this.focusing = false;
    this.post({ type: 'focus' });
  }

  private post(message: ToPage): void {
    // A page that is not ready is given everything when it is.
    if (this.ready) void this.view?.webview.postMessage(message);
  }

  private async act(message: FromPage): Promise<void> {
    const { chat } = this;
    switch (message.type) {
      case 'ready':
        this.ready = true;
        chat.show(true);
        if (this.focusing) this.giveFocus();
        return;
      case 'send': return await chat.send(message.text, message.replaces);
      case 'stop': return await chat.stop();
      case 'continue': return await chat.continue();
      case 'new': return chat.begin();
      case 'fork': return await chat.fork(message.n);
      case 'older': return await chat.older();
      case 'model': return chat.choose(message.model);
      case 'draft': this.memory.draft = message.text; return;
      case 'scroll':
        if (message.session === chat.session?.id) this.memory.place = message.place;
        return;
      case 'attach': return this.attach(message.what);
      case 'detach': return chat.detach(message.index);
      case 'insert': return await insertBlock(message.code);
      case 'apply': return await applyBlock(message.code, this.edits);
      case 'copy': return await copyBlock(message.code);
      case 'link': return await followLink(message.url);
      case 'run': return await this.run(message.command);
      default: return await this.list(message);
    }
  }

  private async list(message: FromPage): Promise<void> {
    const { chat } = this;
    const { history } = chat;
    switch (message.type) {
      case 'history':
        history.open = true;
        return await chat.attempt(() => history.load(''));
      case 'closeHistory':
        history.open = false;
        return chat.show();
      case 'search': return await chat.attempt(() => history.load(message.query));
      case 'moreHistory': return await chat.attempt(() => history.more());
      case 'open': return await chat.open(message.session);
      case 'rename':
        return await chat.attempt(async () => {
          const title = chat.view().history?.entries.find(entry => entry.id === message.session)?.title ?? '';
          const session = await history.rename({ id: message.session, title });
          if (session) chat.renamed(session);
          await history.load();
        });
      case 'delete':
        return await chat.attempt(async () => {
          await history.remove(message.session, () => void history.load().then(() => chat.show()));
          await history.load();
          if (message.session === chat.session?.id) {
            chat.begin();
            history.open = true;
          }
        });
      default:
    }
  }

  private attach(what: 'selection' | 'file' | 'problems'): void {
    const editor = workingEditor();
    if (what === 'selection') this.chat.attach(selection(editor), 'Select something in an editor first.');
    else if (what === 'file') this.chat.attach(editor && file(editor.document.uri), 'Open a file first.');
    else this.chat.attach(editor && problems(editor.document), 'The open file has no problems.');
  }

  private async run(command: string): Promise<void> {
    const allowed = ALLOWED_COMMANDS.find(one => one === command);
    if (allowed) await vscode.commands.executeCommand(allowed);
  }
}
