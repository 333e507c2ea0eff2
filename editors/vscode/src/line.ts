// What the status bar says for the facts as they are. Pure.
import { sentence } from './problems';
import type { Status } from './protocol';
import type { ServerState } from './server/state';

/** What the line shows. */
export interface Line {
  text: string;
  tooltip: string[];
  level: 'plain' | 'warning' | 'error';
}

/** Everything that the line is made of. */
export interface Facts {
  server: ServerState;
  status?: Status;
  working: boolean;
  enabled: boolean;
  /** Why the last completion was empty, when that needs a person. */
  reason?: { code: string; message: string; hint?: string };
}

/** Reasons that are the ordinary course of typing: nobody has to do anything. */
const ORDINARY = new Set(['no-text', 'superseded', 'stale', 'duplicate', 'bad-place', 'language-disabled', 'disabled']);

/** The line for the facts: the first thing that is in the way, else the model. */
export function lineOf(facts: Facts): Line {
  const { server, status, working, enabled, reason } = facts;
  if (server.name === 'restricted') {
    return { text: '$(shield) Aside', tooltip: ['Restricted: Aside starts nothing before you trust this workspace.'], level: 'plain' };
  }
  if (server.name === 'starting') return { text: '$(loading~spin) Aside', tooltip: ['Aside is starting.'], level: 'plain' };
  if (server.name === 'down') {
    return server.again === undefined
      ? { text: '$(error) Aside', tooltip: [sentence(server.problem)], level: 'error' }
      : { text: '$(loading~spin) Aside', tooltip: ['Aside ended unexpectedly and is being started again.'], level: 'warning' };
  }
  const complete = status?.roles['complete'];
  const chat = status?.roles['chat'];
  const tooltip = [
    `Suggestions: ${enabled ? (complete?.model ?? complete?.detail ?? 'unknown') : 'off'}`,
    `Chat: ${chat?.model ?? chat?.detail ?? 'unknown'}`,
  ];
  const locked = status?.vault?.locked;
  if (locked) {
    return { text: '$(lock) Aside', tooltip: [`Locked: ${sentence(locked)}`, ...tooltip], level: 'warning' };
  }
  if (reason && enabled && !ORDINARY.has(reason.code)) {
    return { text: '$(warning) Aside', tooltip: [`No suggestion: ${sentence(reason)}`, ...tooltip], level: 'warning' };
  }
  const name = complete?.model?.split('/').slice(1).join('/') || 'Aside';
  const icon = working ? '$(loading~spin)' : enabled ? '$(sparkle)' : '$(circle-slash)';
  return { text: `${icon} ${name}`, tooltip, level: 'plain' };
}
