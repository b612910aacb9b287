import { createDisplay } from '@pinless-gate/gate-firmware/display/app';
import { listen } from '@pinless-gate/gate-firmware/display/listen';
import type { DisplayBus } from '@pinless-gate/gate-firmware/display/state';
import { launchBrowser } from '@pinless-gate/test/screens/stage';
import type { Page } from 'playwright-core';
import type { BenchContext } from './bench.ts';

/** On the gate's clock: when the page's content was another, and when the browser began the frame after that. */
export interface Shown {
  readonly changed: number;
  readonly painted: number;
}

export interface Screen {
  /** Of the gate's display. Resolves when the page looks out for that state, with what it then saw. */
  next(state: string): Promise<() => Promise<Shown>>;
  /** Of a page that does nothing but put a server-sent event into its text. */
  bare(): Promise<{ readonly sent: number; readonly changed: number }>;
}

/** CLOCK_MONOTONIC, in milliseconds. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

const PROBES = 200;

/**
 * Resolves with the difference of the page's clock to the gate's. As NTP does: of many requests over the connections that
 * the page has to the gate anyway, the fastest; it is wrong by half of its round trip at most.
 */
const OFFSET = `(async () => {
  let best = { trip: Infinity };
  for (let i = 0; i < ${PROBES}; i++) {
    const from = performance.now();
    const there = Number(await (await fetch('/clock')).text());
    const to = performance.now();
    if (to - from < best.trip) best = { trip: to - from, offset: there - (from + to) / 2 };
  }
  return best;
})()`;

const lookOut = (selector: string, done: string) => `void (window.seen = new Promise((resolve) => {
  const node = document.querySelector('${selector}');
  const observer = new MutationObserver(() => {
    const changed = performance.now();
    if (!(${done})) return;
    observer.disconnect();
    requestAnimationFrame(() => resolve({ changed, painted: performance.now() }));
  });
  observer.observe(node, { attributes: true, childList: true, characterData: true, subtree: true });
}))`;

const BARE_PAGE = `<!doctype html><title>bare</title><p id="text"></p><script>
new EventSource('/bare/events').onmessage = ({ data }) => {
  document.getElementById('text').textContent = data;
};</script>`;

/** Chromium with the gate's own page, served as the gate serves it, and beside it a bare one. */
export async function openScreen({ defer, log }: BenchContext, bus: DisplayBus): Promise<Screen> {
  const display = createDisplay({ bus, languages: ['ja', 'en'], defaultLanguage: 'ja' });
  const events = new BareEvents();
  const server = await listen(
    (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === '/clock') return new Response(String(now()));
      if (pathname === '/bare/events') return events.response();
      if (pathname === '/bare') return html(BARE_PAGE);
      return display.fetch(request);
    },
    { host: '127.0.0.1', port: 0 },
  );
  defer(() => server.close());
  const browser = await launchBrowser();
  defer(() => browser.close());
  const open = async (path: string): Promise<Clocked> => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(new URL(path, server.url).href);
    const { offset, trip } = (await page.evaluate(OFFSET)) as { offset: number; trip: number };
    log(`clock of ${path} is known to ${(trip / 2).toFixed(2)} ms`);
    return { page, offset };
  };
  const own = await open('/');
  const bare = await open('/bare');
  await events.connected;
  return {
    next: (state) => change(own, lookOut('#display', `node.dataset.state === '${state}'`)),
    async bare() {
      const text = String(now());
      const seen = await change(bare, lookOut('#text', `node.textContent === '${text}'`));
      const sent = now();
      events.send(text);
      return { sent, changed: (await seen()).changed };
    },
  };
}

interface Clocked {
  readonly page: Page;
  readonly offset: number;
}

async function change({ page, offset }: Clocked, script: string): Promise<() => Promise<Shown>> {
  await page.evaluate(script);
  return async () => {
    const { changed, painted } = (await page.evaluate('window.seen')) as Shown;
    return { changed: changed + offset, painted: painted + offset };
  };
}

const html = (text: string) =>
  new Response(text, { headers: { 'content-type': 'text/html; charset=utf-8' } });

/** One watcher, and nothing around its events. */
class BareEvents {
  readonly connected: Promise<void>;
  #connect!: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor() {
    this.connected = new Promise((resolve) => {
      this.#connect = resolve;
    });
  }

  response(): Response {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        this.#connect();
      },
    });
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
  }

  send(text: string): void {
    this.#controller?.enqueue(Buffer.from(`data: ${text}\n\n`));
  }
}
