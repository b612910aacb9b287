import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KIOSK_FLAGS } from '@pinless-gate/gate-firmware/display/kiosk';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lane, launchBrowser } from '../screens/stage.ts';
import { states } from '../screens/states.ts';

const RATE = 22_050;
/** The loudest that any sound may be at full volume, of 1. */
const LOUDEST = 0.6;

let browser: Browser;
let lane: Lane;
let page: Page;
beforeAll(async () => {
  browser = await launchBrowser();
  lane = await Lane.open('ja');
  page = await browser.newPage();
  await page.goto(lane.url);
});
afterAll(async () => {
  await browser?.close();
  await lane?.stop();
});

interface Heard {
  /** Of all samples. */
  readonly peak: number;
  /** Where the last sample above silence is. */
  readonly lengthS: number;
  /** Hertz, one note after the other; a pause or another pitch begins a new one. */
  readonly notes: readonly number[];
  /** The steepest step between two samples: a click has a steep one. */
  readonly steepest: number;
}

/** Renders what `make` plays, and listens to it. */
const heard = (make: string): Promise<Heard> =>
  page.evaluate(`(async () => {
    const { play, playHold } = await import('/display/assets/sound.js');
    const context = new OfflineAudioContext(1, 4 * ${RATE}, ${RATE});
    ${make}
    const samples = (await context.startRendering()).getChannelData(0);
    const last = samples.findLastIndex((sample) => Math.abs(sample) > 0.002);
    let steepest = 0;
    for (let i = 1; i < samples.length; i++) steepest = Math.max(steepest, Math.abs(samples[i] - samples[i - 1]));
    const notes = [];
    const frame = ${RATE} * 0.04;
    let before, told;
    for (let from = 0; from + frame < samples.length; from += frame) {
      const part = samples.slice(from, from + frame);
      const rises = [];
      for (let i = 1; i < part.length; i++) if (part[i - 1] < 0 && part[i] >= 0) rises.push(i);
      const audible = part.some((sample) => Math.abs(sample) > 0.01) && rises.length > 2;
      const hz = audible ? (${RATE} * (rises.length - 1)) / (rises.at(-1) - rises[0]) : undefined;
      // Two frames must agree: one alone may hold the end of a note and the beginning of the next.
      const same = (one, other) => one !== undefined && other !== undefined && Math.abs(one / other - 1) < 0.04;
      if (hz === undefined) told = undefined;
      else if (same(hz, before) && !same(hz, told)) notes.push(Math.round((told = hz)));
      before = hz;
    }
    return { peak: Math.max(...samples.map(Math.abs)), lengthS: last / ${RATE}, notes, steepest };
  })()`);

const once = (name: string, volume = 1) => heard(`play(context, '${name}', ${volume}, 0);`);
const near = (hz: number) => expect.toSatisfy((n: number) => Math.abs(n / hz - 1) < 0.05);

describe('sounds', () => {
  test.each<[string, number[], number]>([
    ['admitted', [659, 880], 0.8],
    ['goodbye', [880, 659], 0.8],
    ['refused', [220], 0.9],
    ['removed', [523, 523], 0.45],
    ['staff', [392, 330], 1.1],
    ['already-open', [880], 0.25],
    ['evacuate', [523, 392, 523], 3],
  ])(
    '%s: its notes, no longer than that, without a click and never loud',
    async (name, notes, length) => {
      const sound = await once(name);
      expect(sound.notes).toEqual(notes.map(near));
      expect(sound.lengthS).toBeLessThanOrEqual(length);
      expect(sound.lengthS).toBeGreaterThan(length / 3);
      expect(sound.peak).toBeLessThanOrEqual(LOUDEST);
      expect(sound.peak).toBeGreaterThan(0.2);
      // As steep as the tone itself at its loudest, and no steeper.
      const tone = (2 * Math.PI * Math.max(...notes) * sound.peak) / RATE;
      expect(sound.steepest).toBeLessThan(tone * 1.1);
    },
  );

  test('the volume is the volume', async () => {
    const [full, half] = [await once('admitted'), await once('admitted', 0.5)];
    expect(half.peak).toBeCloseTo(full.peak / 2, 2);
  });

  test('hold: one steady note, half as loud as an outcome, until it is ended', async () => {
    const hold = await heard('playHold(context, 1);');
    expect(hold.notes).toEqual([near(277)]);
    expect(hold.lengthS).toBeGreaterThan(3.9);
    expect(hold.peak).toBeCloseTo((await once('admitted')).peak / 2, 1);
  });
});

describe('the page', () => {
  /** Notes that the page began, in hertz. */
  const RECORD = `
    globalThis.notes = [];
    globalThis.OscillatorNode = class extends OscillatorNode {
      constructor(context, options) {
        super(context, options);
        notes.push(options.frequency);
      }
    };`;
  const notes = (on: Page): Promise<number[]> => on.evaluate('notes.splice(0)');

  test('each outcome sounds once; what was there before it came does not', async () => {
    const all = states('ja');
    lane.bus.show(all.admitted!);
    const context = await browser.newContext();
    const listening = await context.newPage();
    await listening.addInitScript(RECORD);
    await listening.goto(lane.url);
    await listening.waitForFunction('new AudioContext().state === "running"');
    expect(await notes(listening)).toEqual([]);
    const began: Record<string, number[]> = {};
    for (const name of [
      'idle',
      'hold',
      'removed',
      'refused-again',
      'admitted',
      'goodbye',
      'closed',
    ]) {
      await lane.show(listening, all[name]!);
      began[name] = await notes(listening);
    }
    expect(began).toEqual({
      idle: [],
      hold: [277.2],
      removed: [523.3, 523.3],
      'refused-again': [220],
      admitted: [659.3, 880],
      goodbye: [880, 659.3],
      closed: [],
    });
    await context.close();
  });

  test('the call to leave is repeated, also on a page that came later, until it is over', async () => {
    const all = states('ja');
    lane.bus.show(all.evacuate!);
    const context = await browser.newContext();
    const listening = await context.newPage();
    await listening.addInitScript(RECORD);
    // Of its timers that of the call alone is so slow.
    await listening.addInitScript(`
      const begin = setInterval, end = clearInterval;
      globalThis.setInterval = (act, ms) => (ms < 4000 ? begin(act, ms) : ((globalThis.again = act), 'again'));
      globalThis.clearInterval = (timer) => (timer === 'again' ? (globalThis.again = undefined) : end(timer));`);
    await listening.goto(lane.url);
    await listening.waitForFunction('notes.length > 0');
    const call = [523.3, 392, 523.3];
    expect(await notes(listening)).toEqual(call);
    // Told once more, it does not begin anew.
    await lane.show(listening, all.evacuate!);
    expect(await notes(listening)).toEqual([]);
    await listening.evaluate('again()');
    expect(await notes(listening)).toEqual(call);
    await lane.show(listening, all.idle!);
    expect(await listening.evaluate('typeof again')).toBe('undefined');
    await context.close();
  });
});

test('the kiosk’s browser plays without a click, feels touches and shows the lane', async () => {
  lane.bus.show({ state: 'idle' });
  const profile = mkdtempSync(join(tmpdir(), 'kiosk-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--mute-audio', ...KIOSK_FLAGS],
  });
  try {
    const [page] = context.pages();
    await page!.goto(lane.url);
    await page!.waitForFunction('new AudioContext().state === "running"');
    expect(await page!.evaluate('"ontouchstart" in window')).toBe(true);
    await page!.locator('#display[data-state="idle"]').waitFor();
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
});
