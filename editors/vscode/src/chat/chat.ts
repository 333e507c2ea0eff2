// The chat as the extension holds it: the conversation on the screen, what goes along with the next question, and what
// is in the way. The page only draws it: a page that is made anew is given everything again.
import * as vscode from 'vscode';

import { Problem, problemOf, sentence } from '../problems';
import type { ChatEvent, Fault, SessionInfo } from '../protocol';
import type { Server } from '../server/server';
import { focus, type Attached } from './attachments';
import { Conversation } from './conversation';
import { History } from './history';
import type { Memory } from './memory';
import { choicesFor, type Banner, type ToPage, type View } from './wire';

const PAGE = 50;
const MAX_ATTACHMENTS = 64;

export class Chat implements vscode.Disposable {
  readonly history: History;
  private conversation: Conversation | undefined;
  private attached: Attached[] = [];
  private models: string[] = [];
  private configured = '';
  private banner: Banner | undefined;
  /** The code of what the banner tells. */
  private stuck: string | undefined;
  private loading: Promise<void> | undefined;
  /** What could not be opened. */
  private trying: string | undefined;
  private readonly output = new vscode.EventEmitter<ToPage>();
  private readonly busyChange = new vscode.EventEmitter<boolean>();
  private readonly disposables: vscode.Disposable[];

  /** What the page is told. */
  readonly onOutput = this.output.event;
  /** Whether an answer is being given. */
  readonly onBusy = this.busyChange.event;

  constructor(private readonly server: Server, private readonly memory: Memory) {
    this.history = new History(server);
    this.disposables = [
      this.output,
      this.busyChange,
      server.onState(() => void this.serverChanged()),
      server.onChatEvent(event => this.take(event)),
      server.onStatus(({ what }) => what === 'settings' && void this.loadModels().then(() => this.show())),
      server.onStatus(({ what }) => what === 'vault' && void this.vaultChanged()),
    ];
  }

  get session(): SessionInfo | undefined {
    return this.conversation?.session;
  }

  /** The conversation on the screen, or the one that could not be opened. */
  get wanted(): string | undefined {
    return this.trying ?? this.session?.id;
  }

  get model(): string {
    return this.memory.model;
  }

  get knownModels(): readonly string[] {
    return this.models;
  }

  /** Everything that the page shows now. */
  view(): View {
    const { conversation, memory } = this;
    const banner = this.banner ?? this.standing();
    const history = this.history.view(conversation?.session.id);
    const place = memory.place;
    return {
      ...(banner ? { banner } : {}),
      ...(history ? { history } : {}),
      ...(conversation ? { session: pick(conversation.session) } : {}),
      messages: conversation?.messages ?? [],
      older: conversation?.before !== undefined,
      ...(conversation?.live ? { live: conversation.live } : {}),
      busy: conversation?.busy ?? false,
      model: memory.model,
      models: ['', ...this.models].map(model => model || `Default${this.configured ? ` (${this.configured})` : ''}`),
      attachments: this.attached.map(one => one.label),
      draft: memory.draft,
      ...(place ? { scroll: place } : {}),
    };
  }

  /** Shows everything anew; `reset` takes draft and place along, as a new page or conversation needs. */
  show(reset = false): void {
    this.output.fire({ type: 'view', view: this.view(), reset });
  }

  /** Asks. What was typed comes back into the box when it could not be sent. */
  async send(text: string, replaces?: number): Promise<void> {
    if (!text.trim() || this.conversation?.busy) return;
    const attached = this.attached;
    try {
      this.banner = undefined;
      const conversation = await this.current();
      conversation.asked(text, attached.map(one => one.label), replaces, new Date().toISOString());
      this.attached = [];
      // What stands in the box is another question than the one that is sent again.
      if (replaces === undefined) this.memory.draft = '';
      this.memory.place = undefined;
      this.show(true);
      const looked = focus(vscode.window.activeTextEditor);
      const { turn } = await this.server.ask('aside/chat/send', {
        session: conversation.session.id, text, attachments: attached.map(one => one.attachment),
        ...this.chosen(), ...(looked ? { focus: looked } : {}), ...(replaces === undefined ? {} : { replaces }),
      });
      this.began(conversation, turn);
    } catch (thrown) {
      const { draft } = this.memory;
      this.memory.draft = draft && draft !== text ? `${text}\n\n${draft}` : text;
      this.attached = attached;
      await this.reload().catch(() => undefined);
      this.report(problemOf(thrown));
    }
  }

  /** Asks for the rest of the last answer. */
  async continue(): Promise<void> {
    await this.attempt(async () => {
      const conversation = this.conversation;
      if (!conversation) return;
      const { turn } = await this.server.ask('aside/chat/continue', { session: conversation.session.id, ...this.chosen() });
      this.began(conversation, turn);
    });
  }

  async stop(): Promise<void> {
    const session = this.session?.id;
    if (session) await this.attempt(() => this.server.ask('aside/chat/stop', { session }));
  }

  /** An empty conversation; it is made when the first question is sent. */
  begin(): void {
    this.conversation = undefined;
    this.memory.session = undefined;
    this.memory.place = undefined;
    this.attached = [];
    this.banner = undefined;
    this.history.open = false;
    this.show(true);
  }

  /** Shows a conversation. `keep` keeps the place that is remembered for it. */
  async open(session: string, keep = false): Promise<void> {
    await this.attempt(async () => {
      this.trying = session;
      const page = await this.server.ask('aside/chat/open', { session, limit: PAGE });
      this.trying = undefined;
      this.conversation = new Conversation(page.session);
      this.conversation.load(page);
      this.memory.session = session;
      if (!keep) this.memory.place = undefined;
      this.banner = this.damaged();
      this.history.open = false;
      this.show(true);
      this.busyChange.fire(this.conversation.busy);
    });
  }

  async older(): Promise<void> {
    const conversation = this.conversation;
    if (conversation?.before === undefined) return;
    await this.attempt(async () => {
      conversation.loadOlder(await this.server.ask('aside/chat/open', {
        session: conversation.session.id, limit: PAGE, before: conversation.before ?? 0,
      }));
    });
  }

  async fork(n: number): Promise<void> {
    const session = this.session?.id;
    if (!session) return;
    await this.attempt(async () => {
      const forked = await this.server.ask('aside/chat/fork', { session, n });
      await this.open(forked.session.id);
      this.output.fire({ type: 'announce', text: 'This is the copy. The conversation it came from is in the list.' });
    });
  }

  attach(attached: Attached | undefined, missing: string): void {
    if (!attached) {
      void vscode.window.showInformationMessage(missing);
    } else if (this.attached.length >= MAX_ATTACHMENTS) {
      void vscode.window.showInformationMessage(`At most ${MAX_ATTACHMENTS} things can be attached.`);
    } else if (!this.attached.some(one => one.label === attached.label)) {
      this.attached = [...this.attached, attached];
    }
    this.show();
  }

  detach(index: number): void {
    this.attached = this.attached.filter((_, at) => at !== index);
    this.show();
  }

  choose(model: string): void {
    this.memory.model = this.models.includes(model) ? model : '';
    this.show();
  }

  /** Runs what a person asked for; a failure is told in the page. */
  async attempt(act: () => Promise<unknown>): Promise<void> {
    try {
      this.banner = undefined;
      await act();
      this.show();
    } catch (thrown) {
      if (!(thrown instanceof vscode.CancellationError)) this.report(problemOf(thrown));
    }
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }

  /** Another title of the conversation on the screen. */
  renamed(session: SessionInfo): void {
    if (this.conversation?.session.id === session.id) this.conversation.session = session;
  }

  private report(problem: Problem): void {
    // What stands there anyway is not said twice.
    this.banner = this.standing() ? undefined : bannerOf(problem);
    this.stuck = problem.code;
    this.show(true);
    this.output.fire({ type: 'announce', text: sentence(problem) });
  }

  /** What is in the way as long as it lasts. */
  private standing(): Banner | undefined {
    const { state } = this.server;
    if (state.name === 'restricted') {
      return {
        kind: 'info', text: 'This workspace is not trusted, so Aside starts nothing here.',
        hint: 'No program runs and no text leaves the machine before you trust it.',
        choices: choicesFor({ code: 'restricted', message: '' }),
      };
    }
    if (state.name !== 'down') return undefined;
    if (state.again !== undefined) {
      return { kind: 'warning', text: 'Aside ended unexpectedly and is being started again.', choices: [] };
    }
    return bannerOf(state.problem);
  }

  private damaged(): Banner | undefined {
    const [first] = this.conversation?.damage ?? [];
    if (!first) return undefined;
    return {
      kind: 'warning', text: `Part of this conversation cannot be read: ${first.message}`,
      hint: 'What could be read is shown.', choices: choicesFor({ code: 'session-damaged', message: '' }),
    };
  }

  private chosen(): { model?: string } {
    return this.memory.model ? { model: this.memory.model } : {};
  }

  private async current(): Promise<Conversation> {
    await this.loading;
    if (!this.conversation) {
      const folder = vscode.workspace.workspaceFolders?.[0]?.uri.toString();
      const { session } = await this.server.ask('aside/chat/new', folder ? { workspace: folder } : {});
      this.conversation = new Conversation(session);
      this.memory.session = session.id;
    }
    return this.conversation;
  }

  private began(conversation: Conversation, turn: string): void {
    conversation.began(turn);
    this.busyChange.fire(conversation.busy);
    this.show();
  }

  private take(event: ChatEvent): void {
    const conversation = this.conversation;
    if (event.session !== conversation?.session.id) return;
    const change = conversation.take(event);
    if (change === 'delta' || change === 'reasoning') {
      const { text } = event.event as { text: string };
      this.output.fire({ type: change, turn: event.turn, text });
    } else if (change !== 'nothing') {
      this.show();
    }
    if (change === 'live') this.busyChange.fire(true);
    if (change === 'ended') {
      this.busyChange.fire(false);
      this.output.fire({ type: 'announce', text: 'The answer has ended.' });
      // Numbers, usage and what is stored, as the server has them.
      void this.reload().catch(() => undefined).then(() => this.show());
    }
  }

  private async reload(): Promise<void> {
    const conversation = this.conversation;
    if (!conversation) return;
    const limit = Math.min(1000, Math.max(PAGE, conversation.messages.length));
    const page = await this.server.ask('aside/chat/open', { session: conversation.session.id, limit });
    if (!conversation.busy || page.session.state !== 'running') conversation.load(page);
  }

  private async serverChanged(): Promise<void> {
    if (this.server.state.name === 'ready') {
      this.banner = undefined;
      this.loading = this.resume();
      await this.loading;
      await this.loadModels();
      if (this.history.open) await this.history.load();
    } else if (this.server.state.name === 'down') {
      this.conversation?.broken();
      this.busyChange.fire(false);
    }
    this.show(this.server.state.name === 'ready');
  }

  /** The keys were opened: what hung on them is tried again. */
  private async vaultChanged(): Promise<void> {
    if (this.stuck !== 'locked') return;
    const { locked } = await this.server.ask('aside/vault/status', {}).catch(() => ({ locked: true }));
    if (locked) return;
    this.banner = this.stuck = undefined;
    if (!this.conversation) await this.resume();
    if (this.history.open) await this.history.load();
    this.show(true);
  }

  /** Brings back what was on the screen. A conversation that is gone leaves an empty page. */
  private async resume(): Promise<void> {
    const session = this.conversation?.session.id ?? this.memory.session;
    if (!session) return;
    try {
      this.trying = session;
      const page = await this.server.ask('aside/chat/open', { session, limit: PAGE });
      this.trying = undefined;
      const seen = this.conversation?.messages.at(-1);
      this.conversation = new Conversation(page.session);
      this.conversation.load(page);
      this.conversation.keep(seen);
      this.banner = this.damaged();
      this.busyChange.fire(this.conversation.busy);
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.code === 'unknown-session') this.memory.session = this.conversation = undefined;
      else [this.banner, this.stuck] = [bannerOf(problem), problem.code];
    }
  }

  private async loadModels(): Promise<void> {
    try {
      const { models } = await this.server.ask('aside/model/list', {});
      this.models = models.filter(model => model.roles?.includes('chat') ?? true).map(model => model.model);
      const status = await this.server.ask('aside/status', {});
      this.configured = status.roles['chat']?.model ?? '';
      if (!this.models.includes(this.memory.model)) this.memory.model = '';
    } catch {
      // The page says what is wrong with the server; a missing list of models says nothing more.
      this.models = [];
    }
  }
}

function pick({ id, title, state }: SessionInfo): NonNullable<View['session']> {
  return { id, title, state };
}

function bannerOf(fault: Fault): Banner {
  return { kind: 'error', text: fault.message, ...(fault.hint ? { hint: fault.hint } : {}), choices: choicesFor(fault) };
}
