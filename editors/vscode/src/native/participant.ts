// `@aside` in VS Code's own chat, where that chat exists. A thread there is one of Aside's conversations.
import * as vscode from 'vscode';

import { focus } from '../chat/attachments';
import { problemOf, sentence } from '../problems';
import type { Attachment } from '../protocol';
import type { Server } from '../server/server';
import { ask } from './turn';

/** Offers the participant; `undefined` where VS Code has no chat. */
export function offerParticipant(server: Server): vscode.Disposable | undefined {
  if (typeof vscode.chat?.createChatParticipant !== 'function') return undefined;
  return vscode.chat.createChatParticipant('aside.participant', async (request, context, stream, token) => {
    try {
      const session = continued(context) ?? (await begin(server));
      const attachments = request.references.flatMap(attachment);
      const looked = focus(vscode.window.activeTextEditor);
      if (looked && attachments.length === 0) stream.reference(vscode.Uri.parse(looked.uri));
      // The model of Aside's settings: what stands in VS Code's box was often chosen by nobody.
      const question = { session, text: request.prompt, attachments, ...(looked ? { focus: looked } : {}) };
      await ask(server, question, text => {
        // Text of a model: nothing in it may run a command.
        const markdown = new vscode.MarkdownString(text);
        markdown.isTrusted = false;
        stream.markdown(markdown);
      }, token);
      return { metadata: { session } };
    } catch (thrown) {
      return { errorDetails: { message: sentence(problemOf(thrown)) } };
    }
  });
}

async function begin(server: Server): Promise<string> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.toString();
  return (await server.ask('aside/chat/new', folder ? { workspace: folder } : {})).session.id;
}

/** The conversation of this thread, as its last answer noted it. */
function continued(context: vscode.ChatContext): string | undefined {
  const sessions = context.history.flatMap(turn =>
    turn instanceof vscode.ChatResponseTurn ? [(turn.result.metadata as { session?: unknown } | undefined)?.session] : []);
  const last = sessions.at(-1);
  return typeof last === 'string' ? last : undefined;
}

function attachment({ value }: vscode.ChatPromptReference): Attachment[] {
  if (value instanceof vscode.Uri) return [{ uri: value.toString() }];
  if (value instanceof vscode.Location) return [{ uri: value.uri.toString(), range: value.range }];
  return typeof value === 'string' ? [{ text: value }] : [];
}
