import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type ServerType, serve } from '@hono/node-server';
import { createDisplay } from '@pinless-gate/gate-firmware/display/app';
import {
  DisplayBus,
  type DisplayState,
  type ShownTicket,
} from '@pinless-gate/gate-firmware/display/state';
import { REFUSAL_REASONS } from '@pinless-gate/protocol/refusal';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

/** A directory for a picture of every state, to be looked at. */
const SCREENSHOTS = process.env.SCREENSHOTS;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = {
  portrait: { width: 1080, height: 1920 },
  landscape: { width: 1920, height: 1080 },
  phone: { width: 375, height: 667 },
} as const;
/** Must hold everything too; not photographed. */
const ODD_SIZES = [
  { width: 320, height: 568 },
  { width: 568, height: 320 },
  { width: 768, height: 1024 },
  { width: 800, height: 800 },
  { width: 3840, height: 2160 },
];

const bus = new DisplayBus();
let server: ServerType;
let port: number;
let browser: Browser;

async function startServer(onPort: number): Promise<void> {
  const app = createDisplay({
    bus,
    languages: ['ja', 'en'],
    defaultLanguage: 'ja',
    helpDesk: { ja: '右の「案内」へお越しください →', en: 'Help desk on your right →' },
  });
  server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: onPort });
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
}

async function stopServer(): Promise<void> {
  if ('closeAllConnections' in server) server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

beforeAll(async () => {
  await startServer(0);
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--mute-audio',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
});

afterAll(async () => {
  await browser?.close();
  await stopServer();
});

const pages: Page[] = [];
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
  bus.show({ state: 'idle' });
});

type Prepare = (page: Page) => Promise<unknown>;

/** A page that is closed when its test ends. */
async function open(options: BrowserContextOptions, prepare?: Prepare): Promise<Page> {
  const page = await newPage(options, prepare);
  pages.push(page);
  return page;
}

async function newPage(options: BrowserContextOptions, prepare?: Prepare): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await prepare?.(page);
  await page.goto(`http://127.0.0.1:${port}/`);
  return page;
}

async function show(page: Page, state: DisplayState): Promise<void> {
  await page.evaluate('document.getElementById("display").dataset.state = "waiting"');
  bus.show(state);
  await page.locator(`#display[data-state="${state.state}"]`).waitFor();
  await page.evaluate('document.fonts.ready');
}

const ticket = (number: number, more: Partial<ShownTicket> = {}): ShownTicket => ({
  seat: { gate: 'B', block: '112', row: '7', number: String(number) },
  category: 'adult',
  place: 1,
  ...more,
});

function states(language: 'ja' | 'en'): Record<string, DisplayState> {
  const admitted = (tickets: readonly ShownTicket[], partySize = tickets.length): DisplayState => ({
    state: 'admitted',
    language,
    tickets,
    partySize,
  });
  const refused = (reason: 'not-listed' | 'card-removed'): DisplayState => ({
    state: 'refused',
    language,
    reason,
    code: 'K7-42',
  });
  const wide = { gate: '北2ゲート', block: 'アリーナA', row: '立見', number: '10105' };
  return {
    idle: { state: 'idle' },
    hold: { state: 'hold', progress: 0.6 },
    admitted: admitted([ticket(15)]),
    'admitted-party': admitted([ticket(15, { place: 2 })], 4),
    'admitted-gate-only': admitted([ticket(15, { seat: { gate: '東' } })]),
    'admitted-wide': admitted([ticket(15, { seat: wide })]),
    'admitted-2': admitted([ticket(15), ticket(16, { place: 2, category: 'child' })]),
    'admitted-4': admitted([15, 16, 17, 18].map((n, i) => ticket(n, { place: i + 1 }))),
    'admitted-scattered': admitted([
      ticket(15),
      ticket(16, { place: 2, seat: wide, category: 'プレミアム' }),
    ]),
    'admitted-12': admitted(
      Array.from({ length: 12 }, (_, i) => ticket(i + 15, { place: i + 1 })),
      14,
    ),
    'refused-help': refused('not-listed'),
    'refused-again': refused('card-removed'),
    'out-of-service': { state: 'out-of-service', code: 'ERR_HSM_DOWN' },
    closed: { state: 'closed' },
  };
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations: found } = (await page.evaluate('axe.run()')) as AxeResults;
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** Texts that leave the screen or their box, and pairs of texts that touch each other. */
const misplaced = (page: Page): Promise<string[]> =>
  page.evaluate(`(() => {
    const found = [];
    const walker = document.createTreeWalker(document.getElementById('display'), NodeFilter.SHOW_TEXT);
    const boxes = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.data.trim() === '') continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const size = parseFloat(getComputedStyle(node.parentElement).fontSize);
      for (const rect of range.getClientRects()) {
        // Noto Sans JP reserves 1.45 em a line; its ideographs are 1 em of that. A pixel for rounding.
        const box = {
          text: node.data,
          left: rect.left + 1,
          right: rect.right - 1,
          top: rect.top + 0.28 * size + 1,
          bottom: rect.bottom - 0.16 * size - 1,
        };
        if (box.left < 0 || box.right > innerWidth || box.top < 0 || box.bottom > innerHeight) {
          found.push('outside: ' + node.data);
        }
        boxes.push(box);
      }
    }
    for (const [i, a] of boxes.entries()) {
      for (const b of boxes.slice(i + 1)) {
        if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) {
          found.push('touching: ' + a.text + ' / ' + b.text);
        }
      }
    }
    return found;
  })()`);

/** Height of the smallest seat digit's ink, as a share of the screen's short side. */
const digitShare = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const context = document.createElement('canvas').getContext('2d');
    const shares = [...document.querySelectorAll('.field dd, .where b')].map((element) => {
      const { fontWeight, fontSize, fontFamily } = getComputedStyle(element);
      context.font = [fontWeight, fontSize, fontFamily].join(' ');
      const { actualBoundingBoxAscent, actualBoundingBoxDescent } = context.measureText('1');
      return (actualBoundingBoxAscent + actualBoundingBoxDescent) / Math.min(innerWidth, innerHeight);
    });
    return Math.min(...shares);
  })()`);

/** Contrast of the seat's text with its ground, WCAG 2.2. */
const seatContrast = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => [r, g, b]
      .map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ratios = [...document.querySelectorAll('.field dd, .place b')].map((element) => {
      let ground = element;
      while (channels(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
      const pair = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor]
        .map((colour) => luminance(channels(colour)) + 0.05);
      return Math.max(...pair) / Math.min(...pair);
    });
    return Math.min(...ratios);
  })()`);

const IN_FULL = ['admitted', 'admitted-party', 'admitted-gate-only', 'admitted-wide', 'admitted-2'];

describe.each(Object.keys(SIZES) as (keyof typeof SIZES)[])('%s', (size) => {
  describe.each(['ja', 'en'] as const)('%s', (language) => {
    let page: Page;
    beforeAll(async () => {
      page = await newPage({ viewport: SIZES[size] });
    });
    afterAll(() => page.context().close());

    test.each(Object.entries(states(language)))('%s', async (name, state) => {
      await show(page, state);
      expect(await misplaced(page)).toEqual([]);
      expect(await violations(page)).toEqual([]);
      if (state.state === 'admitted') expect(await seatContrast(page)).toBeGreaterThanOrEqual(7);
      if (IN_FULL.includes(name)) expect(await digitShare(page)).toBeGreaterThanOrEqual(0.12);
      if (SCREENSHOTS !== undefined) {
        mkdirSync(SCREENSHOTS, { recursive: true });
        const path = join(SCREENSHOTS, `display-${name}-${language}-${size}.png`);
        await page.screenshot({ path });
      }
    });

    test('every refusal fits', async () => {
      for (const reason of REFUSAL_REASONS) {
        await show(page, { state: 'refused', language, reason, code: 'K7-42' });
        expect([reason, ...(await misplaced(page))]).toEqual([reason]);
      }
    });
  });
});

describe.each(ODD_SIZES)('$width × $height', (viewport) => {
  test.each(['ja', 'en'] as const)('every state fits, %s', async (language) => {
    const page = await open({ viewport });
    for (const [name, state] of Object.entries(states(language))) {
      await show(page, state);
      expect([name, ...(await misplaced(page))]).toEqual([name]);
    }
  });
});

describe('the page', () => {
  const viewport = SIZES.phone;

  test('without JavaScript it says where to touch', async () => {
    const page = await open({ viewport, javaScriptEnabled: false });
    expect(await page.getByText('カードをここにタッチしてください').isVisible()).toBe(true);
    expect(await page.getByText('Touch your card here').isVisible()).toBe(true);
  });

  test('asks no other host for anything, and its policy blocks nothing of ours', async () => {
    const hosts = new Set<string>();
    const complaints: string[] = [];
    const page = await open({ viewport }, async (opened) => {
      opened.on('request', (request) => void hosts.add(new URL(request.url()).host));
      opened.on('console', (message) => void complaints.push(message.text()));
      opened.on('pageerror', (error) => void complaints.push(error.message));
    });
    for (const state of Object.values(states('ja'))) await show(page, state);
    expect([...hosts].filter((host) => host !== '')).toEqual([`127.0.0.1:${port}`]);
    expect(complaints).toEqual([]);
    expect(
      await page.evaluate(`document.fonts.check('700 1em "Noto Sans JP Variable"', '入場')`),
    ).toBe(true);
  });

  test('the ring moves on without being drawn anew', async () => {
    const page = await open({ viewport });
    await show(page, { state: 'hold', progress: 0.1 });
    await page.evaluate('document.querySelector(".ring").dataset.same = "yes"');
    bus.show({ state: 'hold', progress: 0.75 });
    await page.locator('.ring[data-same] .ring-fill[stroke-dasharray="75 100"]').waitFor();
  });

  test('stands still for those who ask for it', async () => {
    const page = await open({ viewport, reducedMotion: 'reduce' });
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
    const moving = await open({ viewport, reducedMotion: 'no-preference' });
    expect(await moving.evaluate('document.getAnimations().length')).toBeGreaterThan(0);
  });

  test('a silent gate: out of service after three seconds, and back by itself', async () => {
    const page = await open({ viewport });
    await show(page, { state: 'hold', progress: 0.5 });
    await stopServer();
    await page.waitForTimeout(2000);
    expect(await page.locator('#display').getAttribute('data-state')).toBe('hold');
    await page.locator('#display[data-state="lost"]').waitFor();
    expect(await page.getByText('ただいま停止中です').isVisible()).toBe(true);
    expect(await page.getByText('Out of service').isVisible()).toBe(true);
    bus.show({ state: 'idle' });
    await startServer(port);
    await page.locator('#display[data-state="idle"]').waitFor();
  });
});

describe('sounds', () => {
  /** Notes that the page began, in hertz. */
  const RECORD = `
    globalThis.notes = [];
    globalThis.OscillatorNode = class extends OscillatorNode {
      constructor(context, options) {
        super(context, options);
        notes.push(options.frequency);
      }
    };`;
  const notes = (page: Page): Promise<number[]> => page.evaluate('notes.splice(0)');

  test('each outcome has its own; what was there before has none', async () => {
    bus.show({ state: 'admitted', language: 'ja', tickets: [ticket(15)], partySize: 1 });
    const page = await open({ viewport: SIZES.phone }, (opened) => opened.addInitScript(RECORD));
    await page.waitForFunction('new AudioContext().state === "running"');
    expect(await notes(page)).toEqual([]);
    await show(page, { state: 'idle' });
    expect(await notes(page)).toEqual([]);
    await show(page, states('ja').admitted!);
    const [low, high] = await notes(page);
    expect(high).toBeGreaterThan(low!);
    await show(page, states('ja')['refused-help']!);
    const refused = await notes(page);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toBeLessThan(low!);
    await show(page, { state: 'hold', progress: 0 });
    expect(await notes(page)).toHaveLength(1);
  });
});
