// One conversation as it stands on the screen: its messages and the answer that is coming. Pure: events in, state out.
import type { ChatEvent, Damage, Message, SessionInfo } from '../protocol';
import type { Live } from './wire';

/** What an event changed. */
export type Change = 'nothing' | 'delta' | 'reasoning' | 'live' | 'ended';

/** Text that one answer may have on the screen while it comes, in characters; when it has ended it is shown as it is stored. */
export const SHOWN = 2_000_000;

export class Conversation {
  messages: Message[] = [];
  /** The number to ask older messages with. */
  before: number | undefined;
  live: Live | undefined;
  damage: Damage[] = [];
  private seen = -1;
  /** Turns that ended: events that come late or twice are not theirs to tell. */
  private readonly over = new Set<string>();

  constructor(public session: SessionInfo) {}

  /** Takes the last page of messages, as the server has them: what was guessed gives way. */
  load(page: { session: SessionInfo; messages: Message[]; before?: number; damage?: Damage[] }): void {
    this.session = page.session;
    // An answer that still comes is shown from its events.
    this.messages = page.messages.filter(message => message.state !== 'streaming');
    this.before = page.before;
    this.damage = page.damage ?? [];
    if (page.session.state !== 'running') this.live = undefined;
  }

  /** Puts an older page in front. */
  loadOlder(page: { messages: Message[]; before?: number }): void {
    const first = this.messages[0]?.n ?? Infinity;
    this.messages = [...page.messages.filter(message => message.n < first), ...this.messages];
    this.before = page.before;
  }

  /** The person's question is on its way: it is seen at once. */
  asked(text: string, attachments: string[], replaces: number | undefined, at: string): void {
    if (replaces !== undefined) this.messages = this.messages.filter(message => message.n < replaces);
    const n = (this.messages.at(-1)?.n ?? -1) + 1;
    this.messages.push({
      n, role: 'user', text, at, state: 'complete',
      ...(attachments.length > 0 ? { attachments: attachments.map(label => ({ label })) } : {}),
    });
  }

  /** A turn began, whose events come or already came. */
  began(turn: string): void {
    if (this.over.has(turn) || this.live?.turn === turn) return;
    this.live = { turn, text: '', reasoning: '', notices: [] };
    this.seen = -1;
  }

  /** Takes one event of this session. */
  take({ turn, n, event }: ChatEvent): Change {
    if (this.over.has(turn)) return 'nothing';
    // A new subscriber hears a running turn from its first event: it then begins anew.
    const anew = this.live?.turn !== turn || (n === 0 && this.seen >= 0);
    if (anew || !this.live) {
      this.live = { turn, text: '', reasoning: '', notices: [] };
    } else if (n <= this.seen) {
      return 'nothing';
    }
    this.seen = n;
    const live = this.live;
    switch (event.type) {
      case 'asked':
        this.asked(event.text, [], undefined, new Date().toISOString());
        return 'live';
      case 'delta':
        if (live.text.length >= SHOWN) return 'nothing';
        live.text += event.text;
        return anew ? 'live' : 'delta';
      case 'reasoning':
        live.reasoning += event.text;
        return anew ? 'live' : 'reasoning';
      case 'usage':
        live.usage = event;
        return 'live';
      case 'notice':
        live.notices.push(event.text);
        return 'live';
      case 'end':
        this.end(turn, event.reason, event.error);
        return 'ended';
      default:
        return 'nothing';
    }
  }

  /** The server is gone: what was being said stays, marked. */
  broken(): void {
    if (this.live) this.end(this.live.turn, 'interrupted', undefined);
  }

  /**
   * What had been seen of an answer that broke off: a server that was killed may have written down less of it than it
   * had said. It stays on the screen; the server's own message counts in everything else.
   */
  keep(seen: Message | undefined): void {
    if (seen?.role !== 'assistant' || seen.state !== 'interrupted') return;
    const last = this.messages.at(-1);
    if (last?.role === 'user') this.messages.push({ ...seen, n: last.n + 1 });
    else if (last?.state === 'interrupted' && seen.text.startsWith(last.text)) last.text = seen.text;
  }

  get busy(): boolean {
    return this.live !== undefined;
  }

  private end(turn: string, reason: Message['state'], error: Message['error']): void {
    const live = this.live;
    this.live = undefined;
    this.over.add(turn);
    if (!live) return;
    const n = (this.messages.at(-1)?.n ?? -1) + 1;
    this.messages.push({
      n, role: 'assistant', text: live.text, at: new Date().toISOString(), state: reason,
      ...(error ? { error } : {}), ...(live.usage ? { usage: live.usage } : {}),
    });
  }
}
