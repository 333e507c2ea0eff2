// Aside's models in VS Code's own chat, where it takes models from extensions (newer than the oldest VS Code we run in:
// the few types that are needed are written down here).
import * as vscode from 'vscode';

import type { Attachment } from '../protocol';
import type { Server } from '../server/server';
import { ask } from './turn';

interface Information {
  id: string;
  name: string;
  family: string;
  version: string;
  maxInputTokens: number;
  maxOutputTokens: number;
  capabilities: { toolCalling: boolean; imageInput: boolean };
  tooltip?: string;
}

interface RequestMessage {
  role: vscode.LanguageModelChatMessageRole;
  content: readonly unknown[];
}

interface Provider {
  onDidChangeLanguageModelChatInformation: vscode.Event<void>;
  provideLanguageModelChatInformation(): Promise<Information[]>;
  provideLanguageModelChatResponse(
    model: Information, messages: readonly RequestMessage[], options: unknown,
    progress: vscode.Progress<unknown>, token: vscode.CancellationToken,
  ): Promise<void>;
  provideTokenCount(model: Information, text: string | RequestMessage): Promise<number>;
}

interface Api {
  registerLanguageModelChatProvider?(vendor: string, provider: Provider): vscode.Disposable;
}

/** Bytes of earlier messages that go along, as an attachment. */
const EARLIER = 48 * 1024;

/** Offers the models; `undefined` where VS Code takes none. */
export function offerModels(server: Server): vscode.Disposable | undefined {
  const lm = vscode.lm as unknown as Api | undefined;
  if (typeof lm?.registerLanguageModelChatProvider !== 'function') return undefined;
  const change = new vscode.EventEmitter<void>();
  server.onState(() => change.fire());
  return lm.registerLanguageModelChatProvider('aside', {
    onDidChangeLanguageModelChatInformation: change.event,
    provideLanguageModelChatInformation: async () => await known(server),
    async provideLanguageModelChatResponse(model, messages, _options, progress, token) {
      const Part = (vscode as unknown as { LanguageModelTextPart: new (text: string) => unknown }).LanguageModelTextPart;
      await answer(server, model.id, messages, text => progress.report(new Part(text)), token);
    },
    // Four characters a token is what the server reckons with, too; VS Code asks for an estimate.
    provideTokenCount: async (_model, text) => Math.ceil((typeof text === 'string' ? text : words(text)).length / 4),
  });
}

async function known(server: Server): Promise<Information[]> {
  if (server.state.name !== 'ready') return [];
  const { models } = await server.ask('aside/model/list', {});
  return models.filter(({ roles }) => roles?.includes('chat') ?? true).map(({ model, local }) => ({
    id: model, name: model, family: model.split('/')[0] ?? model, version: '1', maxInputTokens: 16_000, maxOutputTokens: 4_096,
    // VS Code's agent mode, the only one of newer versions, lists no other models, and `@aside` needs one that is
    // listed. A model that is offered tools is free to use none, as ours do.
    capabilities: { toolCalling: true, imageInput: false }, tooltip: local ? 'Aside, on this machine' : 'Aside',
  }));
}

/** VS Code keeps the thread: here a conversation is made for the one answer, and removed for good behind it. */
async function answer(
  server: Server, model: string, messages: readonly RequestMessage[], piece: (text: string) => void, token: vscode.CancellationToken,
): Promise<void> {
  const texts = messages.map(message => `${message.role === vscode.LanguageModelChatMessageRole.Assistant ? 'Assistant' : 'Person'}: ${words(message)}`);
  const last = messages.at(-1);
  const earlier = texts.slice(0, -1).join('\n\n').slice(-EARLIER);
  const attachments: Attachment[] = earlier ? [{ text: earlier, label: 'Earlier in this conversation' }] : [];
  const { session } = await server.ask('aside/chat/new', { title: 'VS Code chat' });
  try {
    await ask(server, { session: session.id, text: last ? words(last) : '', attachments, model }, piece, token);
  } finally {
    await server.ask('aside/chat/delete', { session: session.id, forever: true }).catch(() => undefined);
  }
}

function words(message: RequestMessage): string {
  return message.content.map(part => (part as { value?: unknown }).value).filter(value => typeof value === 'string').join('');
}
