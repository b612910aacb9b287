import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** What somebody sees and types: one shell, in which commands follow one another. */
export class Terminal {
  readonly #shell: ChildProcess;
  readonly #gone: Promise<unknown>;
  #output = '';
  #changed: () => void = () => {};

  /** `beside`: in the network, mounts and root of that one. */
  constructor(directory: string, beside?: Terminal) {
    const [program, ...args] = beside
      ? ['nsenter', '--target', String(beside.pid), '--net', '--mount', '--root', 'bash']
      : ['unshare', '--net', '--mount', 'bash'];
    this.#shell = spawn(program!, [...args, '--norc', '--noprofile'], {
      cwd: directory,
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}` },
    });
    this.#gone = once(this.#shell, 'close');
    this.#shell.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      this.#output += chunk;
      this.#changed();
    });
    // What npx would look up in a second, each time, stands on the path.
    this.type(`exec 2>&1; npx() { "$@"; }; cd '${directory}'`);
  }

  get pid(): number {
    return this.#shell.pid!;
  }

  type(line: string): void {
    this.#shell.stdin!.write(`${line}\n`);
  }

  /** What a command wrote until it ended. Throws where it failed. */
  async run(command: string): Promise<string> {
    const mark = randomBytes(8).toString('hex');
    const from = this.#output.length;
    this.type(`${command}\nprintf '\\n${mark} %s\\n' $?`);
    const ended = new RegExp(`\\n${mark} (\\d+)\\n`);
    const output = await this.#until((since) => (ended.test(since) ? since : undefined), from);
    const { index, 1: status } = ended.exec(output)!;
    const said = output.slice(0, index);
    if (status !== '0') throw new Error(`${command}\n${said}\nended with ${status}`);
    return said === '' || said.endsWith('\n') ? said : `${said}\n`;
  }

  /** Once it wrote that since it was opened. */
  async shows(isShown: (output: string) => boolean): Promise<void> {
    await this.#until((all) => (isShown(all) ? all : undefined), 0);
  }

  async #until<T>(find: (output: string) => T | undefined, from: number): Promise<T> {
    for (;;) {
      const found = find(this.#output.slice(from));
      if (found !== undefined) return found;
      const more = new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
      const end = this.#gone.then(() => Promise.reject(new Error(`ended: ${this.#output}`)));
      await Promise.race([more, end]);
    }
  }

  /** Ctrl-C for its program, and the window is closed. */
  async close(): Promise<void> {
    if (this.#shell.exitCode === null && this.#shell.signalCode === null) {
      this.#shell.stdin!.end();
      process.kill(-this.pid, 'SIGINT');
      await this.#gone;
    }
  }
}
