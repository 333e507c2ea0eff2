// One language client for one run of the server: how it is started, what it announces, and what is looked at in passing.
import * as vscode from 'vscode';
import {
  CloseAction, ErrorAction, LanguageClient, RevealOutputChannelOn, type ClientCapabilities, type LanguageClientOptions,
  type Middleware, type StaticFeature,
} from 'vscode-languageclient/node';

/** What a run of the server tells the one who started it. */
export interface Watcher {
  /** The settings for the server, as they are now. */
  settings(): object;
  /** A completion is being asked for (+1) or was answered (-1). */
  completing(change: 1 | -1): void;
  /** A completion was answered; `reason` says why it was empty. */
  completed(reason?: { code: string; message: string; hint?: string }): void;
  /** The server ended without being asked to. */
  ended(): void;
}

/** Documents that the server hears of. Input boxes of the editor have schemes of their own and are left out. */
const DOCUMENTS = ['file', 'untitled', 'vscode-notebook-cell', 'vscode-remote'].map(scheme => ({ scheme }));

const announce: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities) {
    capabilities.experimental = {
      ...(capabilities.experimental as object | undefined),
      aside: { status: true, edit: true, chat: true, ask: true },
    };
  },
  initialize() {},
  getState() {
    return { kind: 'static' };
  },
  clear() {},
};

/** Makes the client; nothing runs before its `start`. */
export function makeClient(
  program: string,
  channels: { log: vscode.LogOutputChannel; trace: vscode.LogOutputChannel },
  watcher: Watcher,
): LanguageClient {
  const options: LanguageClientOptions = {
    documentSelector: DOCUMENTS,
    outputChannel: channels.log,
    traceOutputChannel: channels.trace,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: () => watcher.settings(),
    progressOnInitialization: false,
    markdown: { isTrusted: false, supportHtml: false },
    middleware: middleware(watcher, () => client),
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        watcher.ended();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
    initializationFailedHandler: () => false,
  };
  const client: LanguageClient = new LanguageClient('aside', 'Aside', { command: program, args: ['lsp'] }, options);
  client.registerFeature(announce);
  return client;
}

/**
 * Takes back what a client registered. One whose server dies while it starts is cleaned up first and registers then, and the
 * next one cannot register the same commands.
 */
export function forget(client: LanguageClient): void {
  const features = [
    client.getFeature('workspace/executeCommand'), client.getFeature('textDocument/inlineCompletion'), client.getFeature('textDocument/completion'),
    client.getFeature('textDocument/codeAction'), client.getFeature('textDocument/codeLens'), client.getFeature('workspace/textDocumentContent'),
  ];
  for (const feature of features) feature?.clear();
}

function middleware(watcher: Watcher, client: () => LanguageClient): Middleware {
  return {
    workspace: {
      // The client's own way would send every value, defaults and undeclared ones of workspace files among them.
      didChangeConfiguration: () => client().sendNotification('workspace/didChangeConfiguration', { settings: { aside: watcher.settings() } }),
      configuration: ({ items }) => items.map(({ section }) => (section === 'aside' ? watcher.settings() : null)),
    },
    async provideInlineCompletionItems(document, position, context, token, next) {
      watcher.completing(1);
      try {
        return await next(document, position, context, token);
      } finally {
        watcher.completing(-1);
      }
    },
    // The reason of an empty answer is a member of the raw result, which the provider's result no longer has.
    async sendRequest(type, params, token, next) {
      const result = await next(type, params, token);
      const method = typeof type === 'string' ? type : type.method;
      if (method === 'textDocument/inlineCompletion') {
        watcher.completed((result as { reason?: { code: string; message: string; hint?: string } } | null)?.reason);
      }
      return result;
    },
  };
}
