import { LANGUAGES, type Language } from '@pinless-gate/protocol/record';
import { REFUSAL_REASONS } from '@pinless-gate/protocol/refusal';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { contrast, digitShare, misplaced, violations } from '../screens/look.ts';
import { Lane, launchBrowser, SIZES } from '../screens/stage.ts';
import { states } from '../screens/states.ts';

const [SMALLEST] = SIZES;
const TABLET = { width: 800, height: 480 };

let browser: Browser;
let lane: Lane;
beforeAll(async () => {
  browser = await launchBrowser();
  lane = await Lane.open('ja');
});
afterAll(async () => {
  await browser?.close();
  await lane?.stop();
});

const pages: Page[] = [];
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
  lane.bus.show({ state: 'idle' });
});

/** A page that is closed when its test ends. */
async function open(
  options: BrowserContextOptions = {},
  prepare?: (page: Page) => void,
): Promise<Page> {
  const context = await browser.newContext({ viewport: SMALLEST!, ...options });
  const page = await context.newPage();
  pages.push(page);
  prepare?.(page);
  await page.goto(lane.url);
  return page;
}

/** Seats that must be read from two metres; of longer lists the attendee reads one entry, close by. */
const FROM_AFAR = [
  ...['admitted', 'admitted-party', 'admitted-zone', 'admitted-attention', 'admitted-gate-only'],
  ...['admitted-wide', 'admitted-2'],
];

describe.each(LANGUAGES)('%s', (language: Language) => {
  let own: Lane;
  let page: Page;
  beforeAll(async () => {
    own = await Lane.open(language);
    const context = await browser.newContext({ viewport: SMALLEST!, reducedMotion: 'reduce' });
    page = await context.newPage();
    await page.goto(own.url);
  });
  afterAll(async () => {
    await page?.context().close();
    await own?.stop();
  });

  test.each(SIZES)('every state at $width × $height: whole, and seats large', async (size) => {
    await page.setViewportSize(size);
    for (const [name, state] of Object.entries(states(language))) {
      await own.show(page, state);
      expect([name, ...(await misplaced(page))]).toEqual([name]);
      if (!FROM_AFAR.includes(name)) continue;
      expect([name, await digitShare(page)]).toEqual([name, expect.toSatisfy((n) => n >= 0.12)]);
    }
  });

  test.each([SMALLEST!, TABLET])('every refusal at $width × $height', async (size) => {
    await page.setViewportSize(size);
    for (const reason of REFUSAL_REASONS) {
      await own.show(page, { state: 'refused', language, reason, code: 'K7-42' });
      expect([reason, ...(await misplaced(page))]).toEqual([reason]);
    }
  });

  test('every state: nothing against WCAG 2.2, and read in the sun', async () => {
    await page.setViewportSize(SMALLEST!);
    for (const [name, state] of Object.entries(states(language))) {
      await own.show(page, state);
      expect([name, ...(await violations(page))]).toEqual([name]);
      const { text, seat, sign } = await contrast(page);
      expect(text, name).toBeGreaterThanOrEqual(4.5);
      expect(seat, name).toBeGreaterThanOrEqual(7);
      expect(sign, name).toBeGreaterThanOrEqual(4.5);
    }
  });
});

describe('the page', () => {
  test('without JavaScript it says where to touch', async () => {
    const page = await open({ javaScriptEnabled: false });
    expect(await page.getByText('カードをここにタッチしてください').isVisible()).toBe(true);
    expect(await page.getByText('Touch your card here').isVisible()).toBe(true);
    expect(await page.getByRole('button').count()).toBe(0);
  });

  test('asks no other host for anything, and its policy blocks nothing of ours', async () => {
    const hosts = new Set<string>();
    const complaints: string[] = [];
    const page = await open({}, (opened) => {
      opened.on('request', (request) => void hosts.add(new URL(request.url()).host));
      opened.on('console', (message) => void complaints.push(message.text()));
      opened.on('pageerror', (error) => void complaints.push(error.message));
    });
    for (const state of Object.values(states('ja'))) await lane.show(page, state);
    expect([...hosts].filter((host) => host !== '')).toEqual([new URL(lane.url).host]);
    expect(complaints).toEqual([]);
    expect(
      await page.evaluate(`document.fonts.check('700 1em "Noto Sans JP Variable"', '入場')`),
    ).toBe(true);
  });

  test('no two states look alike to who sees no colour and reads no word', async () => {
    const page = await open({ reducedMotion: 'reduce' });
    const shapes = new Map<string, string>();
    for (const [name, state] of Object.entries(states('ja'))) {
      if (state.state === 'admitted' && name !== 'admitted') continue;
      await lane.show(page, state);
      const shape = String(await page.evaluate('document.querySelector(".icon").innerHTML'));
      // What is told of one shape: walk on, by whichever reason; and staff come.
      shapes.set(shape, `${shapes.get(shape) ?? ''} ${name}`.trim());
    }
    expect([...shapes.values()].filter((names) => names.includes(' '))).toEqual([
      'refused-help refused-again',
      'staff-face staff-attention',
      'already-open open',
      'out-of-service out-of-service-clock',
    ]);
  });

  test('the ring moves on without being drawn anew', async () => {
    const page = await open();
    await lane.show(page, { state: 'hold', progress: 0.1 });
    await page.evaluate('document.querySelector(".ring").dataset.same = "yes"');
    lane.bus.show({ state: 'hold', progress: 0.75 });
    await page.locator('.ring[data-same] .ring-fill[stroke-dasharray="75 100"]').waitFor();
  });

  test('the time to put the card back runs out of the ring as long as the gate waits', async () => {
    const page = await open({ reducedMotion: 'no-preference' });
    await lane.show(page, { state: 'removed', language: 'ja', remainingMs: 1700 });
    const duration = `getComputedStyle(document.querySelector('.ring-left')).animationDuration`;
    expect(await page.evaluate(duration)).toBe('1.7s');
  });

  test('stands still for those who ask for it', async () => {
    const page = await open({ reducedMotion: 'reduce' });
    const moving = await open({ reducedMotion: 'no-preference' });
    for (const name of ['idle', 'removed']) {
      await lane.show(page, states('ja')[name]!);
      expect(await page.evaluate('document.getAnimations().length')).toBe(0);
      await lane.show(moving, states('ja')[name]!);
      expect(await moving.evaluate('document.getAnimations().length')).toBeGreaterThan(0);
    }
  });

  test('at twice the size everything is still there', async () => {
    const page = await open({ viewport: { width: 540, height: 960 }, deviceScaleFactor: 2 });
    for (const [name, state] of Object.entries(states('en'))) {
      await lane.show(page, state);
      expect([name, ...(await misplaced(page))]).toEqual([name]);
    }
  });

  test('a language is chosen with the keyboard, and the focus stays', async () => {
    const page = await open();
    const korean = page.getByRole('button', { name: '한국어' });
    for (let stops = 0; stops < LANGUAGES.length; stops++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('카드를 여기에 대 주세요').waitFor();
    expect(lane.chosen).toEqual(['ko']);
    expect(await korean.getAttribute('aria-pressed')).toBe('true');
    expect(await page.evaluate('document.activeElement.dataset.language')).toBe('ko');
    lane.bus.show({ state: 'idle' });
    await page.getByRole('button', { name: '日本語', pressed: true }).waitFor();
    await lane.show(page, { state: 'hold', progress: 0 });
    expect(await korean.isVisible()).toBe(false);
  });

  test('a silent gate: out of service after three seconds, and back by itself', async () => {
    const page = await open();
    await lane.show(page, { state: 'hold', progress: 0.5 });
    await lane.stop();
    const silentFrom = performance.now();
    await page.locator('#display[data-state="lost"]').waitFor();
    // A beat a second: the last was heard a second before at most.
    expect(performance.now() - silentFrom).toBeGreaterThan(1500);
    expect(await page.getByText('ただいま停止中です').isVisible()).toBe(true);
    expect(await page.getByText('Out of service').isVisible()).toBe(true);
    lane.bus.show({ state: 'idle' });
    await lane.start();
    await page.locator('#display[data-state="idle"]').waitFor();
  });
});
