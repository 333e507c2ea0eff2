// One question and its streamed answer for VS Code's own chat, over the same conversations as everything else.
import * as vscode from 'vscode';

import { Problem } from '../problems';
import type { Attachment, ChatEvent } from '../protocol';
import type { Server } from '../server/server';

/** Asks `text` in a conversation and gives each piece of the answer to `piece`. Resolves when it is over. */
export async function ask(
  server: Server,
  question: { session: string; text: string; attachments?: Attachment[]; model?: string },
  piece: (text: string) => void,
  token: vscode.CancellationToken,
): Promise<void> {
  const early: ChatEvent[] = [];
  let turn: string | undefined;
  let settle: { resolve: () => void; reject: (problem: unknown) => void } | undefined;
  const ended = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  const take = ({ event }: ChatEvent): void => {
    if (event.type === 'delta') piece(event.text);
    if (event.type === 'notice') piece(`\n\n${event.text}\n\n`);
    if (event.type !== 'end') return;
    if (event.error) settle?.reject(new Problem(event.error));
    else settle?.resolve();
  };
  const listeners = [
    server.onChatEvent(event => {
      if (event.session !== question.session) return;
      // Events may come before the answer that names their turn.
      if (turn === undefined) early.push(event);
      else if (event.turn === turn) take(event);
    }),
    server.onState(state => state.name === 'down' && settle?.reject(state.problem)),
    token.onCancellationRequested(() => void server.ask('aside/chat/stop', { session: question.session }).catch(() => undefined)),
  ];
  try {
    turn = (await server.ask('aside/chat/send', question)).turn;
    early.filter(event => event.turn === turn).forEach(take);
    await ended;
  } finally {
    for (const listener of listeners) listener.dispose();
  }
}
