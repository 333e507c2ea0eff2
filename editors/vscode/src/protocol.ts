// What is said to the server and heard from it: the types of `docs/protocol.md`, and one typed door, `Server.ask`.
// Nothing here acts.
import type { Diagnostic, Range } from 'vscode-languageserver-protocol';

export type SessionState = 'idle' | 'running' | 'interrupted' | 'locked' | 'damaged';

export interface SessionInfo {
  id: string;
  title: string;
  workspace: string;
  created: string;
  updated: string;
  messages: number;
  bytes: number;
  model?: string;
  state: SessionState;
  elsewhere?: boolean;
  unsaved?: boolean;
  imported?: boolean;
}

export interface Fault {
  code: string;
  message: string;
  hint?: string;
}

export interface Usage {
  inputTokens?: number;
  outputTokens?: number;
  cachedTokens?: number;
}

export type MessageState = 'complete' | 'streaming' | 'stopped' | 'length' | 'truncated' | 'error' | 'interrupted';

export interface Message {
  n: number;
  role: 'user' | 'assistant' | 'system';
  text: string;
  at: string;
  model?: string;
  state: MessageState;
  error?: Fault;
  usage?: Usage;
  attachments?: { label: string; uri?: string; text?: string }[];
}

/** What goes along with a question: a document or a part of it, or a text. */
export type Attachment = { uri: string; range?: Range; label?: string } | { text: string; label?: string };

export interface Match {
  session: SessionInfo;
  n: number;
  role: string;
  at: string;
  snippet: { text: string; highlights: [number, number][] };
}

export interface Damage {
  code: string;
  message: string;
  n?: number;
}

export interface ModelInfo {
  model: string;
  local?: boolean;
  roles?: string[];
}

export type TurnEvent =
  | { type: 'asked'; text: string; model?: string }
  | { type: 'delta'; text: string }
  | { type: 'reasoning'; text: string }
  | ({ type: 'usage' } & Usage)
  | { type: 'notice'; text: string }
  | { type: 'end'; reason: MessageState; error?: Fault };

export interface ChatEvent {
  session: string;
  turn: string;
  n: number;
  event: TurnEvent;
}

export interface Warning {
  code: string;
  message: string;
}

export interface Hunk {
  n: number;
  range: Range;
  oldText: string;
  newText: string;
  state: 'proposed' | 'accepted' | 'rejected' | 'stale';
  warnings: Warning[];
}

export interface EditFile {
  uri: string;
  label: string;
  version?: number;
  new?: boolean;
  warnings: Warning[];
  hunks: Hunk[];
}

export type EditState = 'streaming' | 'proposed' | 'stopped' | 'failed' | 'done';

export interface EditInfo {
  id: string;
  action: string;
  title: string;
  model?: string;
  state: EditState;
  received: number;
  files: EditFile[];
  notes: string[];
  error?: Fault;
  usage?: Usage;
}

export interface ActionInfo {
  action: string;
  title: string;
  kind: string;
  answers: 'edit' | 'chat';
  asks: boolean;
}

export interface Lock {
  code: string;
  message: string;
  hint?: string;
}

export interface VaultStatus {
  backend: string;
  locked?: Lock;
  locksIn?: number;
  unlock: string;
}

/** The part of `aside/status` that is shown. */
export interface Status {
  version: string;
  roles: Record<string, { model?: string; code?: string; detail?: string; hint?: string } | null>;
  lastEmpty: { uri?: string; code: string; message: string; hint?: string } | null;
  vault?: VaultStatus;
  settings?: { file: string; problems: unknown[] };
}

/** Parameters and result of each request that is made. */
export interface Requests {
  'aside/chat/new': [{ workspace?: string; title?: string; model?: string }, { session: SessionInfo }];
  'aside/chat/list': [{ workspace?: string; limit?: number; cursor?: string }, { sessions: SessionInfo[]; cursor?: string }];
  'aside/chat/open': [
    { session: string; limit?: number; before?: number },
    { session: SessionInfo; messages: Message[]; before?: number; damage?: Damage[] },
  ];
  'aside/chat/send': [
    { session: string; text: string; attachments?: Attachment[]; model?: string; focus?: { uri: string; range?: Range }; replaces?: number },
    { turn: string },
  ];
  'aside/chat/continue': [{ session: string; model?: string }, { turn: string }];
  'aside/chat/stop': [{ session: string }, null];
  'aside/chat/rename': [{ session: string; title: string }, { session: SessionInfo }];
  'aside/chat/fork': [{ session: string; n?: number }, { session: SessionInfo }];
  'aside/chat/delete': [{ session: string; forever?: boolean }, null];
  'aside/chat/restore': [{ session: string }, { session: SessionInfo }];
  'aside/chat/search': [{ query: string; limit?: number }, { matches: Match[]; partial: boolean }];
  'aside/complete/explain': [{ textDocument: { uri: string }; position: { line: number; character: number } }, unknown];
  'aside/model/list': [Record<string, never>, { models: ModelInfo[]; roles: Record<string, string | null> }];
  'aside/secret/list': [Record<string, never>, { secrets: { provider: string; origin: string }[] }];
  'aside/secret/delete': [{ provider: string; origin?: string }, null];
  'aside/vault/status': [Record<string, never>, VaultStatus];
  'aside/vault/lock': [Record<string, never>, VaultStatus];
  'aside/status': [Record<string, never>, Status];
  'aside/health': [Record<string, never>, { checks: { name: string; result: string; detail: string; next?: string }[] }];
  'aside/edit': [{ textDocument: { uri: string; version?: number }; range?: Range; instruction: string; model?: string }, { edit: EditInfo }];
  'aside/action': [
    {
      action: string; textDocument: { uri: string; version?: number }; range?: Range; diagnostics?: Diagnostic[];
      instruction?: string; session?: string; model?: string;
    },
    { edit?: EditInfo; session?: string; turn?: string },
  ];
  'aside/action/list': [{ textDocument: { uri: string }; range?: Range }, { actions: ActionInfo[] }];
  'aside/edit/list': [Record<string, never>, { edits: EditInfo[] }];
  'aside/edit/stop': [{ edit: string }, { edit: EditInfo }];
  'aside/edit/accept': [{ edit: string; hunks?: number[]; uri?: string }, { edit: EditInfo }];
  'aside/edit/reject': [{ edit: string; hunks?: number[]; uri?: string }, { edit: EditInfo }];
  'aside/edit/retry': [{ edit: string; instruction?: string; model?: string }, { edit: EditInfo }];
  'aside/review': [{ textDocument?: { uri: string }; changes?: 'staged' | 'all'; session?: string }, { session: string; turn: string }];
  'aside/commit': [{ workspace?: string; kind?: 'commit' | 'pull-request' }, { text: string; leftOut?: string[] }];
}

export type Method = keyof Requests;
export type Params<M extends Method> = Requests[M][0];
export type Result<M extends Method> = Requests[M][1];
