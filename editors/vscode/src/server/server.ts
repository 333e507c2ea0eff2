// The server's life: found, checked, started, started again after a crash, stopped. It owns the one running client.
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

import { Problem, isCancelled, problemOf, sentence } from '../problems';
import type { ChatEvent, EditInfo, Method, Params, Result } from '../protocol';
import { forget, makeClient, type Watcher } from './client';
import { findServer, usable } from './find';
import { Restarts } from './restart';
import { currentSettings } from './settings';
import type { ServerState } from './state';
import { askVersion, checkVersion } from './version';

type Reason = { code: string; message: string; hint?: string };

/** How long a client may take to start or to stop before it is left behind, in milliseconds. */
const LIMIT = 3_000;

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private timer: NodeJS.Timeout | undefined;
  private run = 0;
  private completing = 0;
  private turning: Promise<void> = Promise.resolve();
  /** The start of the newest client. */
  private beginning: Promise<void> = Promise.resolve();
  private readonly restarts = new Restarts();
  private readonly disposables: vscode.Disposable[] = [];

  private readonly stateChange = this.emitter<ServerState>();
  private readonly chatEvent = this.emitter<ChatEvent>();
  private readonly editEvent = this.emitter<EditInfo>();
  private readonly chatShow = this.emitter<string>();
  private readonly statusChange = this.emitter<{ what: string; reason?: string }>();
  private readonly workChange = this.emitter<boolean>();
  private readonly completionEnd = this.emitter<Reason | undefined>();

  /** The server came, went, or waits. */
  readonly onState = this.stateChange.event;
  readonly onChatEvent = this.chatEvent.event;
  readonly onEditEvent = this.editEvent.event;
  /** The server asks to show a conversation. */
  readonly onChatShow = this.chatShow.event;
  readonly onStatus = this.statusChange.event;
  /** Whether a completion is being asked for. */
  readonly onWork = this.workChange.event;
  /** A completion was answered; with the reason when it was empty. */
  readonly onCompletion = this.completionEnd.event;

  state: ServerState = { name: 'starting' };
  /** The program that was found last. */
  program: string | undefined;

  constructor(
    private readonly extension: vscode.Extension<unknown>,
    private readonly channels: { log: vscode.LogOutputChannel; trace: vscode.LogOutputChannel },
  ) {}

  /** Starts it, or says why not: `onState` tells. In a workspace that is not trusted nothing is started. */
  async start(): Promise<void> {
    if (!vscode.workspace.isTrusted) return this.become({ name: 'restricted' });
    const run = ++this.run;
    this.become({ name: 'starting' });
    try {
      const program = await this.find();
      // Stopped or restarted meanwhile: the other start goes on.
      if (run !== this.run) return;
      this.program = program;
      const client = makeClient(program, this.channels, this.watcher(run));
      this.client = client;
      this.listen(client);
      this.beginning = client.start().finally(() => {
        if (run !== this.run) forget(client);
      });
      await this.beginning;
      if (run === this.run) this.become({ name: 'ready' });
      // It came up after whoever stopped it had waited long enough.
      else await client.stop(LIMIT).catch(() => undefined);
    } catch (thrown) {
      if (run === this.run && this.state.name !== 'down') this.fail(problemOf(thrown));
    }
  }

  /** Stops what runs and starts anew, with the crashes forgotten. Calls one after another, whoever makes them. */
  restart(): Promise<void> {
    this.turning = this.turning.then(async () => {
      this.restarts.forget();
      await this.stop();
      await this.start();
    });
    return this.turning;
  }

  /** One request. Throws a `Problem`; without a running server it says why there is none. */
  async ask<M extends Method>(method: M, params: Params<M>, token?: vscode.CancellationToken): Promise<Result<M>> {
    const client = this.client;
    if (this.state.name !== 'ready' || !client) throw this.absence();
    try {
      return await client.sendRequest<Result<M>>(method, params, token);
    } catch (thrown) {
      if (isCancelled(thrown)) throw new vscode.CancellationError();
      throw this.state.name === 'ready' ? problemOf(thrown) : this.absence();
    }
  }

  /** The client's converters, for positions and URIs. */
  get convert(): LanguageClient | undefined {
    return this.client;
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.run++;
    const client = this.client;
    this.client = undefined;
    // A client can be stopped only when it has started.
    await Promise.race([this.beginning.catch(() => undefined), new Promise(resolve => setTimeout(resolve, LIMIT))]);
    await client?.stop(LIMIT).catch(() => undefined);
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const disposable of this.disposables) disposable.dispose();
  }

  /** Why nothing can be asked now. */
  private absence(): Problem {
    switch (this.state.name) {
      case 'restricted':
        return new Problem({
          code: 'restricted',
          message: 'Aside starts nothing in a workspace that is not trusted',
          hint: 'Trust the workspace to use it here',
        });
      case 'down':
        return this.state.problem;
      default:
        return new Problem({ code: 'starting', message: 'Aside is starting', hint: 'Try again in a moment' });
    }
  }

  private async find(): Promise<string> {
    const { program, from } = findServer({
      setting: vscode.workspace.getConfiguration('aside').inspect<string>('server.path')?.globalValue ?? '',
      path: process.env['PATH'] ?? '',
      extension: this.extension.extensionPath,
      windows: process.platform === 'win32',
      usable,
    });
    checkVersion(program, await askVersion(program), (this.extension.packageJSON as { version: string }).version);
    this.channels.log.info(`starting ${program} (${from})`);
    return program;
  }

  private watcher(run: number): Watcher {
    const manifest = this.extension.packageJSON as { contributes: { configuration: { properties: Record<string, { scope?: string }> } } };
    const properties = manifest.contributes.configuration.properties;
    const names = Object.keys(properties);
    const machine = new Set(names.filter(name => properties[name]?.scope === 'machine'));
    this.work(-this.completing);
    return {
      settings: () => currentSettings(names, machine),
      completing: change => run === this.run && this.work(change),
      completed: reason => run === this.run && this.completionEnd.fire(reason),
      ended: () => run === this.run && this.ended(),
    };
  }

  private work(change: number): void {
    const before = this.completing > 0;
    this.completing += change;
    if (before !== this.completing > 0) this.workChange.fire(!before);
  }

  private listen(client: LanguageClient): void {
    client.onNotification('aside/chat/event', (event: ChatEvent) => this.chatEvent.fire(event));
    client.onNotification('aside/edit/event', ({ edit }: { edit: EditInfo }) => this.editEvent.fire(edit));
    client.onNotification('aside/chat/show', ({ session }: { session: string }) => this.chatShow.fire(session));
    client.onNotification('aside/status/changed', (change: { what: string; reason?: string }) => this.statusChange.fire(change));
  }

  private ended(): void {
    this.fail(new Problem({
      code: 'server-ended',
      message: 'The program `aside` ended unexpectedly',
      hint: 'The log says more',
    }));
  }

  /** Down, for a while or for good. What cannot be repaired by trying again is not tried again. */
  private fail(problem: Problem): void {
    this.run++;
    // What is left of it has to go before the next one registers the same commands.
    void this.client?.dispose().catch(() => undefined);
    this.client = undefined;
    this.channels.log.error(sentence(problem));
    const hopeless = problem.code.startsWith('server-') && problem.code !== 'server-ended';
    const again = hopeless ? undefined : this.restarts.next(Date.now());
    this.become({ name: 'down', problem, ...(again === undefined ? {} : { again }) });
    if (again !== undefined) this.timer = setTimeout(() => void this.start(), again);
  }

  private become(state: ServerState): void {
    this.state = state;
    void vscode.commands.executeCommand('setContext', 'aside.ready', state.name === 'ready');
    this.stateChange.fire(state);
  }

  private emitter<T>(): vscode.EventEmitter<T> {
    const emitter = new vscode.EventEmitter<T>();
    this.disposables.push(emitter);
    return emitter;
  }
}
