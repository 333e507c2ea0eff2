// What VS Code starts: makes the parts, plugs them together, registers the commands. Nothing is decided here.
import * as vscode from 'vscode';

import { file, problems, selection } from './chat/attachments';
import { workingEditor } from './chat/blocks';
import { Chat } from './chat/chat';
import { Memory } from './chat/memory';
import { ChatView } from './chat/view';
import { EditCommands } from './edit/commands';
import { Edits } from './edit/edits';
import { LocalEdits } from './edit/local';
import { Marks } from './edit/marks';
import { Preview } from './edit/preview';
import { deleteKey, keyCommand, lockKeys, runInTerminal } from './keys/terminal';
import { chooseModel, doctor, explainHere, showMenu, telling, toggleSuggestions, whyNothing } from './menu';
import { offerModels } from './native/models';
import { offerParticipant } from './native/participant';
import { writeCommitMessage } from './native/scm';
import { sentence } from './problems';
import { Server } from './server/server';
import { StatusBar } from './status';

let running: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel('Aside', { log: true });
  const trace = vscode.window.createOutputChannel('Aside trace', { log: true });
  const server = (running = new Server(context.extension, { log, trace }));
  const memory = new Memory(context.workspaceState, context.globalState);
  const chat = new Chat(server, memory);
  const edits = new Edits();
  const local = new LocalEdits(edits);
  const preview = new Preview(edits);
  const editing = new EditCommands(server, edits, preview);
  const view = new ChatView(context.extensionUri, chat, memory, local);
  context.subscriptions.push(
    log, trace, server, chat, edits, local, preview, new Marks(edits), new StatusBar(server, chat),
    vscode.window.registerWebviewViewProvider('aside.chat', view),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void server.restart()),
    vscode.workspace.onDidChangeConfiguration(change => change.affectsConfiguration('aside.server.path') && void server.restart()),
    server.onChatShow(session => void view.focus().then(() => chat.open(session))),
    server.onState(state => state.name === 'down' && state.again === undefined && void tellDown(state.problem)),
    ...[offerParticipant(server), offerModels(server)].filter(offer => offer !== undefined),
  );
  registerChat(context, server, chat, view);
  registerEdits(context, editing);
  registerServer(context, server, log);
  await server.start();
}

export async function deactivate(): Promise<void> {
  await running?.stop();
}

type Handler = (...args: unknown[]) => unknown;

function register(context: vscode.ExtensionContext, commands: Record<string, Handler>): void {
  for (const [name, handler] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(name, (...args: unknown[]) => telling(async () => await handler(...args))));
  }
}

function registerChat(context: vscode.ExtensionContext, server: Server, chat: Chat, view: ChatView): void {
  const attach = async (attached: ReturnType<typeof selection>, missing: string): Promise<void> => {
    chat.attach(attached, missing);
    if (attached) await view.focus();
  };
  register(context, {
    'aside.openChat': () => view.focus(),
    'aside.newChat': async () => {
      chat.begin();
      await view.focus();
    },
    'aside.showHistory': async () => {
      chat.history.open = true;
      await view.focus();
      await chat.attempt(() => chat.history.load(''));
    },
    'aside.stopAnswer': () => chat.stop(),
    'aside.attachSelection': () => attach(selection(workingEditor()), 'Select something in an editor first.'),
    'aside.attachFile': (uri: unknown) => {
      const wanted = uri instanceof vscode.Uri ? uri : workingEditor()?.document.uri;
      return attach(wanted && file(wanted), 'Open a file first.');
    },
    'aside.attachProblems': () => {
      const editor = workingEditor();
      return attach(editor && problems(editor.document), 'The open file has no problems.');
    },
    'aside.reviewChanges': async () => {
      const { session } = await server.ask('aside/review', { changes: 'all' });
      await view.focus();
      await chat.open(session);
    },
    'aside.chooseModel': () => chooseModel(chat),
    'aside.unlockSession': () => runInTerminal(server, 'aside session unlock', ['session', 'unlock', ...(chat.wanted ? [chat.wanted] : [])]),
    'aside.recoverSession': () => runInTerminal(server, 'aside session recover', ['session', 'recover', ...(chat.wanted ? [chat.wanted] : [])]),
  });
}

function registerEdits(context: vscode.ExtensionContext, editing: EditCommands): void {
  register(context, {
    'aside.editHere': () => editing.editHere(),
    'aside.actionsHere': () => editing.actionsHere(),
    'aside.client.ask': args => editing.ask(args as Parameters<EditCommands['ask']>[0]),
    'aside.acceptEdit': target => editing.settle('accept', target),
    'aside.rejectEdit': target => editing.settle('reject', target),
    'aside.stopEdit': target => editing.stop(target),
    'aside.retryEdit': target => editing.retry(target),
    'aside.showEdit': target => editing.show(target),
  });
}

function registerServer(context: vscode.ExtensionContext, server: Server, log: vscode.LogOutputChannel): void {
  register(context, {
    'aside.menu': () => showMenu(server),
    'aside.toggleSuggestions': toggleSuggestions,
    'aside.whyNothing': () => whyNothing(server),
    'aside.explainHere': () => explainHere(server),
    'aside.setKey': () => keyCommand(server, 'set'),
    'aside.rotateKey': () => keyCommand(server, 'rotate'),
    'aside.deleteKey': () => deleteKey(server),
    'aside.lockKeys': () => lockKeys(server),
    'aside.unlockKeys': () => runInTerminal(server, 'aside vault unlock', ['vault', 'unlock']),
    'aside.commitMessage': target => writeCommitMessage(server, target),
    'aside.doctor': () => doctor(server),
    'aside.openSettings': () => vscode.commands.executeCommand('workbench.action.openSettings', '@ext:aside.aside'),
    'aside.openSettingsFile': () => openSettingsFile(server),
    'aside.showLog': () => log.show(),
    'aside.restart': () => server.restart(),
  });
}

/** Opens `config.toml`, or a new document with its path when it is not there yet. */
async function openSettingsFile(server: Server): Promise<void> {
  const { settings } = await server.ask('aside/status', {});
  if (!settings) return;
  const uri = vscode.Uri.file(settings.file);
  const there = await vscode.workspace.fs.stat(uri).then(() => true, () => false);
  await vscode.window.showTextDocument(there ? uri : uri.with({ scheme: 'untitled' }));
}

/** Says once why Aside does not run. */
async function tellDown(problem: Parameters<typeof sentence>[0]): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(`Aside: ${sentence(problem)}`, 'Start again', 'Open settings', 'Show log');
  const commands: Record<string, string> = {
    'Start again': 'aside.restart', 'Open settings': 'aside.openSettings', 'Show log': 'aside.showLog',
  };
  if (chosen) await vscode.commands.executeCommand(commands[chosen] ?? 'aside.showLog');
}
