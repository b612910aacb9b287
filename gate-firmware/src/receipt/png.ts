import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GateError } from '@pinless-gate/protocol/errors';

/** What the machine of a lane's display has for its kiosk. */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];
const BROWSER_MS = 20_000;

/** A receipt's SVG as PNG, drawn by the browser that is installed here: it has the fonts. */
export async function renderPng(svg: string): Promise<Uint8Array> {
  const size = /^<svg width="(\d+)px" height="(\d+)px"/.exec(svg);
  if (!size) throw new TypeError('not the SVG of a receipt');
  const directory = await mkdtemp(join(tmpdir(), 'gate-receipt-'));
  try {
    await writeFile(join(directory, 'receipt.html'), page(svg));
    const args = [
      '--headless',
      '--hide-scrollbars',
      // The page is ours, and holds no script: root may draw it too.
      '--no-sandbox',
      `--user-data-dir=${join(directory, 'profile')}`,
      `--window-size=${size[1]},${size[2]}`,
      `--screenshot=${join(directory, 'receipt.png')}`,
      `file://${join(directory, 'receipt.html')}`,
    ];
    await draw(args);
    return new Uint8Array(await readFile(join(directory, 'receipt.png')));
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

function page(svg: string): string {
  const style = 'html,body{margin:0;background:#fff}svg{display:block}';
  return `<!doctype html><meta charset="utf-8"><style>${style}</style>${svg}`;
}

async function draw(args: readonly string[]): Promise<void> {
  for (const browser of BROWSERS) {
    try {
      await promisify(execFile)(browser, args, { timeout: BROWSER_MS, killSignal: 'SIGKILL' });
      return;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw new GateError('ERR_RECEIPT_BROWSER', `${browser}: drew no picture`, { cause });
    }
  }
  throw new GateError('ERR_RECEIPT_BROWSER', 'no browser that draws PNG', {
    hint: 'apt-get install chromium fonts-noto-cjk, or take --out receipt.svg',
  });
}
