// A real VS Code (code-server) with the packaged extension, in a real Chromium. Everything lies in one scratch folder.
import { spawn, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const vsix = fileURLToPath(new URL('../../dist/aside.vsix', import.meta.url));
const env = name => process.env[name] ?? raise(`${name} is not set: run editors/vscode/test/run`);
const raise = message => { throw new Error(message); };
export const ui = createRequire(join(env('ASIDE_TEST_UI_MODULES'), 'x.js'));
const { chromium } = ui('playwright-core');

/** How long anything may take, in milliseconds: generous, as the machine may be busy. */
export const PATIENCE = 60_000;

/** Asks `look` again and again until it gives something that is not false. */
export async function until(what, look, patience = PATIENCE) {
  const deadline = Date.now() + patience;
  for (let last; ; ) {
    try {
      last = await look();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      await Editor.last?.shot('failure').catch(() => undefined);
      throw new Error(`waited for ${what}; last: ${last instanceof Error ? last.stack : JSON.stringify(last)}`);
    }
    await new Promise(done => setTimeout(done, 50));
  }
}

/** The environment without what is ours: Aside reads `ASIDE_*` as settings. */
export function plain() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ASIDE_')));
}

async function freePort() {
  const server = createServer();
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise(done => server.close(done));
  return port;
}

/** The extension, installed once for all tests of a run. */
function installed() {
  const folder = join(env('ASIDE_TEST_SCRATCH'), 'extensions');
  if (!existsSync(join(folder, 'extensions.json'))) {
    execFileSync(process.execPath, [
      env('ASIDE_TEST_CODE_SERVER'), '--user-data-dir', join(folder, '..', 'install-data'), '--config', join(folder, '..', 'install.yaml'),
      '--extensions-dir', folder, '--install-extension', vsix,
    ], { stdio: 'pipe', env: { ...process.env, HOME: dirname(folder) } });
  }
  return folder;
}

export class Editor {
  /**
   * `files`: path to text in the workspace. `settings`: the person's own. `config`: Aside's `config.toml`. `trust`: whether
   * VS Code asks for trust. `program`: what is put on PATH as `aside`; null for none.
   */
  static async start({ files = {}, settings = {}, config = '', trust = false, program = env('ASIDE_TEST_BINARY') } = {}) {
    const editor = (Editor.last = new Editor());
    const folder = (editor.folder = mkdtempSync(join(tmpdir(), 'aside-vscode-')));
    editor.workspace = join(folder, 'workspace');
    editor.aside = join(folder, 'aside');
    for (const name of ['workspace', 'aside', 'bin', 'home', 'data/User']) mkdirSync(join(folder, name), { recursive: true });
    editor.write(files);
    // VS Code takes PATH from a login shell.
    for (const name of ['.profile', '.bash_profile']) writeFileSync(join(folder, 'home', name), `export PATH="${join(folder, 'bin')}:$PATH"\n`);
    if (program) symlinkSync(program, join(folder, 'bin', 'aside'));
    writeFileSync(join(editor.aside, 'config.toml'), config);
    editor.settings(settings);
    cpSync(installed(), join(folder, 'extensions'), { recursive: true });
    editor.port = await freePort();
    editor.process = spawn(process.execPath, [
      env('ASIDE_TEST_CODE_SERVER'), '--user-data-dir', join(folder, 'data'), '--extensions-dir', join(folder, 'extensions'), '--config', join(folder, 'config.yaml'),
      '--auth', 'none', '--bind-addr', `127.0.0.1:${editor.port}`, '--disable-telemetry', '--disable-update-check', '--disable-getting-started-override',
      '--reconnection-grace-time', '2', ...(trust ? [] : ['--disable-workspace-trust']), editor.workspace,
    ], {
      stdio: ['ignore', 'pipe', 'pipe'], detached: true,
      env: {
        ...plain(), HOME: join(folder, 'home'), SHELL: '/bin/bash', ASIDE_HOME: editor.aside,
        PATH: `${join(folder, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`,
      },
    });
    editor.output = '';
    for (const stream of [editor.process.stdout, editor.process.stderr]) stream.on('data', data => (editor.output += data));
    await until('code-server to listen', () => editor.output.includes('listening on'));
    editor.browser = await chromium.launch({ executablePath: env('ASIDE_TEST_CHROMIUM'), args: ['--no-sandbox', '--disable-gpu'] });
    editor.context = await editor.browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'] });
    editor.asked = [];
    editor.context.on('request', request => editor.asked.push(request.url()));
    return editor;
  }

  write(files) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.workspace, path)), { recursive: true });
      writeFileSync(join(this.workspace, path), text);
    }
  }

  /** Writes the person's settings; VS Code takes them up at once. */
  settings(settings) {
    writeFileSync(join(this.folder, 'data/User/settings.json'), JSON.stringify({
      'workbench.startupEditor': 'none', 'telemetry.telemetryLevel': 'off', 'chat.disableAIFeatures': true,
      'workbench.secondarySideBar.defaultVisibility': 'hidden', 'editor.quickSuggestions': { other: 'off' }, 'editor.wordBasedSuggestions': 'off',
      'git.openRepositoryInParentFolders': 'never', ...settings,
    }));
  }

  /** Opens the page, with `file` of the workspace in an editor. */
  async open(file) {
    this.page ??= await this.context.newPage();
    const payload = file ? `&payload=${encodeURIComponent(JSON.stringify([['openFile', `vscode-remote://127.0.0.1:${this.port}${join(this.workspace, file)}`]]))}` : '';
    await this.page.goto(`http://127.0.0.1:${this.port}/?folder=${encodeURIComponent(this.workspace)}${payload}`, { timeout: PATIENCE });
    await this.page.locator('.monaco-workbench').waitFor({ timeout: PATIENCE });
    return this.page;
  }

  /** The entry of the status bar. */
  get status() {
    return this.page.locator('.statusbar-item[id="aside.aside.aside.status"], .statusbar-item[id*="aside.status"]').first();
  }

  /** Waits until the extension runs and its status says `text`. */
  async statusSays(text) {
    return await until(`the status to say ${text}`, async () => {
      const label = `${await this.status.getAttribute('aria-label')} ${await this.status.innerText()}`;
      return text instanceof RegExp ? text.test(label) && label : label.includes(text) && label;
    });
  }

  /** Runs a command by its title from the palette. */
  async command(title) {
    const input = this.page.locator('.quick-input-widget:visible input').first();
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    // One that is just closing takes no text: it is opened again.
    await until(`the palette for ${title}`, async () => {
      await this.page.keyboard.press('F1');
      await input.waitFor({ timeout: 2000 });
      await input.fill(`>${title}`, { timeout: 2000 });
      await row.waitFor({ timeout: 5000 });
      return true;
    });
    await this.page.keyboard.press('Enter');
  }

  /** The frame of the chat page. */
  async chat() {
    return await until('the chat page', async () => {
      for (const frame of this.page.frames()) {
        if (await frame.locator('.composer').count().catch(() => 0)) return frame;
      }
      return false;
    });
  }

  /** Opens the chat and gives its frame. */
  async openChat() {
    await this.command('Aside: Open Chat');
    return await this.chat();
  }

  /** The text of the active text editor without what is only shown, line by line. */
  async text() {
    const lines = await this.page.evaluate(() => {
      const editor = document.querySelector('.editor-instance .monaco-editor.focused') ?? document.querySelector('.editor-instance .monaco-editor');
      return [...(editor?.querySelectorAll('.view-line') ?? [])].map(line => {
        const copy = line.cloneNode(true);
        copy.querySelectorAll('[class*="ghost-text"]').forEach(node => node.remove());
        return { top: parseFloat(line.style.top), text: copy.textContent };
      });
    });
    return lines.sort((one, other) => one.top - other.top).map(line => line.text.replaceAll('\u00a0', ' ')).join('\n');
  }

  /** Whether VS Code has written `text` into its state, which it does a moment later than it is told. */
  async remembers(text) {
    return await this.page.evaluate(async wanted => {
      for (const { name } of await indexedDB.databases()) {
        const database = await new Promise(done => (indexedDB.open(name).onsuccess = event => done(event.target.result)));
        for (const store of database.objectStoreNames) {
          const values = await new Promise(done => (database.transaction(store).objectStore(store).getAll().onsuccess = event => done(event.target.result)));
          if (values.some(value => typeof value === 'string' && value.includes(wanted))) return database.close() ?? true;
        }
        database.close();
      }
      return false;
    }, text);
  }

  /** The processes of `aside lsp` below code-server. */
  servers() {
    const all = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n').map(line => {
      const [, pid, ppid, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
      return { pid: Number(pid), ppid: Number(ppid), args };
    });
    const below = new Set([this.process.pid]);
    for (let size = 0; size !== below.size; ) {
      size = below.size;
      for (const one of all) if (below.has(one.ppid)) below.add(one.pid);
    }
    return all.filter(one => below.has(one.pid) && /aside lsp$/.test(one.args)).map(one => one.pid);
  }

  async shot(name) {
    if (process.env.ASIDE_TEST_SHOTS) await this.page.screenshot({ path: join(process.env.ASIDE_TEST_SHOTS, `${name}.png`) });
  }

  async close() {
    await this.browser?.close();
    try {
      process.kill(-this.process.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Settings of Aside for a scripted model. */
export function modelConfig(model, { complete = false } = {}) {
  return `[roles]\nchat = "test/m"\n${complete ? 'complete = "test/m"\n' : ''}
[providers.test]
dialect = "openai"
base_url = "${model.url}"
key = "none"
`;
}
