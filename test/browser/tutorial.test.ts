import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isShown, type PageAct, type Step, stepsOf } from '../docs/steps.ts';
import { Terminal } from '../docs/terminal.ts';

// docs/tutorial.md, typed as it stands by somebody who has nothing yet: in a network and with a reader daemon of
// their own, so that its ports are free and no other test's.

const text = readFileSync(join(import.meta.dirname, '../../docs/tutorial.md'), 'utf8');
const steps = stepsOf(text);
const directory = mkdtempSync(join(tmpdir(), 'tutorial-'));
const terminals: Terminal[] = [];
let first: Terminal;
let browser: Browser | undefined;
let page: Page | undefined;
/** The last word that a command wrote on a line of its own, or that a page shows once. */
let printed = '';

const NAMESPACE = `
ip link set lo up
mkdir -p /run/pcscd ${directory}/pcscd
mount --bind ${directory}/pcscd /run/pcscd
ip route change table local local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 quickack 1
setpriv --pdeathsig KILL pcscd --foreground >/dev/null 2>&1 &
until [ -S /run/pcscd/pcscd.comm ]; do sleep 0.1; done`;

beforeAll(async () => {
  first = new Terminal(directory);
  terminals.push(first);
  await first.run(NAMESPACE);
});
afterAll(async () => {
  await browser?.close();
  for (const terminal of terminals.toReversed()) await terminal.close();
  rmSync(directory, { recursive: true });
});

/** Chromium where the console is. */
async function openBrowser(): Promise<Page> {
  const program = join(directory, 'chromium');
  const inside = `nsenter --target ${first.pid} --net /usr/bin/chromium`;
  writeFileSync(program, `#!/bin/sh\nexec ${inside} "$@"\n`, { mode: 0o755 });
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run'];
  browser = await chromium.launch({ executablePath: program, args });
  return browser.newPage();
}

async function doOnPage(acts: readonly PageAct[]): Promise<void> {
  page ??= await openBrowser();
  for (const act of acts) {
    if (act.act === 'open') await page.goto(act.url);
    else if (act.act === 'press')
      await page.getByRole('button', { name: act.button, exact: true }).click();
    else {
      const value = act.value === '(printed above)' ? printed : act.value;
      await page.getByLabel(act.label, { exact: true }).fill(value);
    }
  }
  await page.waitForLoadState();
  const secret = page.locator('.secret');
  if ((await secret.count()) > 0) printed = (await secret.textContent())!.trim();
}

async function doStep(step: Step): Promise<void> {
  if (step.kind === 'page') return doOnPage(step.acts);
  const { command, shown } = step;
  if (step.terminal) {
    const terminal = new Terminal(directory, first);
    terminals.push(terminal);
    // A program that ends here ends the wait for what it should say.
    terminal.type(`${command}; exit`);
    return terminal.shows((output) =>
      isShown(
        shown.filter((line) => line !== '…'),
        firstLines(output),
      ),
    );
  }
  const asked = /^read -r \w+$/.test(command) ? `${command}\n${printed}` : command;
  const output = await first.run(asked);
  if (shown.length > 0) expect(isShown(shown, output), `${command}\n${output}`).toBe(true);
  printed = output.split('\n').find((line) => /^\S+$/.test(line)) ?? printed;
}

/** What a program says that it is ready. */
const firstLines = (output: string) =>
  output
    .split('\n')
    .filter((line) => /http:/.test(line))
    .slice(0, 1)
    .concat('')
    .join('\n');

test('the tutorial, word for word', async () => {
  expect(steps.length).toBeGreaterThan(40);
  for (const step of steps) await doStep(step);
  expect(existsSync(join(directory, '.run/tutorial/journal'))).toBe(true);
}, 300_000);
