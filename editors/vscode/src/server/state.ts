// What the server can be, seen from the editor.
import type { Problem } from '../problems';

/** `again`: milliseconds until the next attempt; absent when it stays down. */
export type ServerState =
  | { name: 'restricted' }
  | { name: 'starting' }
  | { name: 'ready' }
  | { name: 'down'; problem: Problem; again?: number };
