// What the extension and its chat page say to each other. Shared by both; nothing here acts.
import type { Fault, Message, SessionInfo, Usage } from '../protocol';

/** A button under a sentence. `run` is one of the page's own requests or a command of the extension. */
export interface Choice {
  title: string;
  command: AllowedCommand;
}

/** The commands that the page may run; everything else is refused. */
export const ALLOWED_COMMANDS = [
  'aside.restart', 'aside.showLog', 'aside.unlockKeys', 'aside.setKey', 'aside.doctor', 'aside.openSettings',
  'aside.openSettingsFile', 'aside.unlockSession', 'aside.newChat', 'aside.showHistory', 'aside.recoverSession',
  'workbench.trust.manage',
] as const;
export type AllowedCommand = (typeof ALLOWED_COMMANDS)[number];

/** Something that the person has to read: once, above the conversation. */
export interface Banner {
  kind: 'info' | 'warning' | 'error';
  text: string;
  hint?: string;
  choices: Choice[];
}

/** An answer that is being given. */
export interface Live {
  turn: string;
  text: string;
  reasoning: string;
  notices: string[];
  usage?: Usage;
}

/** One line in the list of conversations. */
export interface Entry {
  id: string;
  title: string;
  detail: string;
  state: SessionInfo['state'];
  elsewhere: boolean;
  current: boolean;
  snippet?: { text: string; highlights: [number, number][] };
}

/** Everything the page shows, but for what it streams in between. */
export interface View {
  banner?: Banner;
  history?: { query: string; entries: Entry[]; note?: string; more: boolean };
  session?: Pick<SessionInfo, 'id' | 'title' | 'state'>;
  messages: Message[];
  older: boolean;
  live?: Live;
  busy: boolean;
  model: string;
  models: string[];
  attachments: string[];
  draft: string;
  /** Where the person was: the message at the top and how far it was scrolled, in pixels; none for the end. */
  scroll?: Place;
}

export interface Place {
  n: number;
  offset: number;
}

export type FromPage =
  | { type: 'ready' | 'stop' | 'continue' | 'new' | 'history' | 'closeHistory' | 'older' | 'moreHistory' }
  | { type: 'send'; text: string; replaces?: number }
  | { type: 'search'; query: string }
  | { type: 'open' | 'rename' | 'delete'; session: string }
  | { type: 'fork'; n: number }
  | { type: 'model'; model: string }
  | { type: 'attach'; what: 'selection' | 'file' | 'problems' }
  | { type: 'detach'; index: number }
  | { type: 'insert' | 'apply' | 'copy'; code: string }
  | { type: 'link'; url: string }
  | { type: 'draft'; text: string }
  | { type: 'scroll'; session: string; place?: Place }
  | { type: 'run'; command: string };

export type ToPage =
  | { type: 'view'; view: View; reset: boolean }
  | { type: 'delta' | 'reasoning'; turn: string; text: string }
  | { type: 'announce'; text: string }
  | { type: 'focus' };

/** What a fault offers to do about itself, by its code. */
export function choicesFor(fault: Fault): Choice[] {
  switch (fault.code) {
    case 'locked':
      return [{ title: 'Unlock in a terminal', command: 'aside.unlockKeys' }];
    case 'session-locked':
      return [{ title: 'Unlock in a terminal', command: 'aside.unlockSession' }];
    case 'session-damaged':
      return [{ title: 'Recover in a terminal', command: 'aside.recoverSession' }];
    case 'no-key':
    case 'auth':
      return [{ title: 'Set a key', command: 'aside.setKey' }];
    case 'restricted':
      return [{ title: 'Manage trust', command: 'workbench.trust.manage' }];
    case 'needs-model':
    case 'model-not-found':
      return [{ title: 'Open the settings file', command: 'aside.openSettingsFile' }];
    case 'server-missing':
    case 'server-path-wrong':
    case 'server-path-relative':
    case 'server-foreign':
    case 'server-old':
    case 'server-unusable':
      return [{ title: 'Try again', command: 'aside.restart' }, { title: 'Open settings', command: 'aside.openSettings' }];
    case 'server-ended':
    case 'failed':
      return [{ title: 'Start again', command: 'aside.restart' }, { title: 'Show log', command: 'aside.showLog' }];
    case 'unreachable':
      return [{ title: 'Check everything', command: 'aside.doctor' }];
    default:
      return [];
  }
}
