import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DisplayBus, type DisplayState } from '@pinless-gate/gate-firmware/display/state';
import { noTurnstile } from '@pinless-gate/gate-firmware/hardware/turnstile';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { Outcome } from '@pinless-gate/gate-firmware/lane/outcome';
import { Receipts } from '@pinless-gate/gate-firmware/lane/receipts';
import { Metrics } from '@pinless-gate/gate-firmware/metrics';
import type { PrintJob } from '@pinless-gate/gate-firmware/receipt/printer';
import { DEFAULT_TEMPLATE } from '@pinless-gate/gate-firmware/receipt/template';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type NewCard, newCard } from '../../../sandbox/jlis/new-card.ts';
import { GATE_ID, temporary } from '../fixture.ts';
import { answer, STAGE_TIMEOUT_MS } from '../stage.ts';
import { forFile } from '../temporary.ts';
import { type Material, makeMaterial, makeRig } from './rig.ts';
import { pinned, rigFor, tapOn } from './taps.ts';

const SERIAL = '0705d991';
let material: Material;
let card: NewCard;

beforeAll(async () => {
  material = await makeMaterial(forFile());
  card = await newCard(material.stage.jlis, { serial: SERIAL });
}, STAGE_TIMEOUT_MS);

/** Every form in which a serial number or a certificate could come out, as octets. */
function secrets(): Buffer[] {
  const der = Buffer.from(card.file.certificatePem!.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const number = Number.parseInt(SERIAL, 16);
  return [
    Buffer.from(fromHex(SERIAL)),
    Buffer.from(SERIAL),
    Buffer.from(SERIAL.slice(1)),
    Buffer.from(SERIAL.toUpperCase()),
    Buffer.from(String(number)),
    Buffer.from(Buffer.from(fromHex(SERIAL)).toString('base64').slice(0, 5)),
    der.subarray(40, 72),
    Buffer.from(der.subarray(40, 72).toString('hex')),
    Buffer.from(der.subarray(39, 72).toString('base64')),
  ];
}

/** Everything that a lane lets out of one tap. */
class Outputs {
  readonly jobs: PrintJob[] = [];
  readonly shown: DisplayState[] = [];
  readonly metrics = new Metrics();
  readonly outcome: Outcome;
  log = '';

  constructor() {
    const printer = {
      state: 'ok' as const,
      print: (job: PrintJob) => void this.jobs.push(job),
      onReport: () => undefined,
      onState: () => undefined,
      close: async () => undefined,
    };
    const display = new DisplayBus();
    display.subscribe((state) => this.shown.push(state));
    const write = (fields: object) => {
      this.log += `${JSON.stringify(fields)}\n`;
    };
    const receipts = new Receipts({
      eventId: GATE_ID,
      gateId: GATE_ID,
      timeZone: 'Asia/Tokyo',
      printer: printer as never,
      pictures: printer as never,
      encoding: 'cp932',
      languages: ['ja', 'en'],
      template: DEFAULT_TEMPLATE,
      sign: async () => new Uint8Array(64),
      log: { warn: write } as never,
      onLost: () => undefined,
    });
    this.outcome = new Outcome({
      gateId: GATE_ID,
      display,
      turnstile: noTurnstile(),
      receipts,
      metrics: this.metrics,
      log: { info: write, warn: write, error: write } as never,
      defaultLanguage: 'ja',
      passages: { opened: () => undefined },
      mode: () => 'normal',
    });
    onTestFinished(() => this.outcome.close());
  }

  async all(): Promise<Buffer> {
    const texts = [this.log, JSON.stringify(this.shown), await this.metrics.text()];
    return Buffer.concat([
      ...texts.map((text) => Buffer.from(text)),
      ...this.jobs.map((one) => Buffer.from(one.bytes)),
    ]);
  }
}

async function expectClean(
  rig: Awaited<ReturnType<typeof makeRig>>,
  directory: string,
  outputs: Outputs,
) {
  const written = await Promise.all(
    (await readdir(directory)).map((name) => readFile(join(directory, name))),
  );
  const everything = Buffer.concat([...rig.journal.all(), ...written, await outputs.all()]);
  expect(everything.length).toBeGreaterThan(1000);
  for (const secret of secrets()) expect(everything.includes(secret)).toBe(false);
}

async function tapped(...prepare: Parameters<typeof tapOn>[2][]) {
  const directory = join(temporary(), 'journal');
  const journal = Journal.open(directory, GATE_ID);
  onTestFinished(() => journal.close());
  const rig = { ...(await rigFor(material, card)), journal };
  const outputs = new Outputs();
  for (const more of prepare) {
    const parts = { ...rig.parts, journal };
    outputs.outcome.apply(await tapOn({ ...rig, parts }, card, more));
  }
  await new Promise(setImmediate);
  return { rig, directory, outputs };
}

describe('what a tap leaves', () => {
  test('the seeded serial number would be found', () => {
    const log = Buffer.from(`{"serial":"${SERIAL}"}`);
    expect(secrets().some((secret) => log.includes(secret))).toBe(true);
  });

  test('admitted, read whole, then admitted already: no serial number, no certificate', async () => {
    const { rig, directory, outputs } = await tapped({}, {});
    expect(outputs.jobs).toHaveLength(2); // paper and picture
    expect(outputs.log).toMatch(/"outcome":"admitted".*\n.*"reason":"already-admitted"/);
    await expectClean(rig, directory, outputs);
  });

  test.each([
    ['a certificate cut short', answer('read-certificate', `${'30'.repeat(9)}9000`, 2)],
    ['an error with data', answer('sign', `${SERIAL}6f00`)],
    ['a head that is none', answer('read-certificate', `${SERIAL.repeat(64)}9000`)],
    ['a refusal that holds it', answer('external-authenticate', `${SERIAL}6982`)],
  ])('%s: nothing of what the card said', async (_, fault) => {
    const { rig, directory, outputs } = await tapped({ faults: [fault] });
    expect(outputs.log).toContain('"outcome":"refused"');
    await expectClean(rig, directory, outputs);
  });

  test('a stranger: not even its conversion value', async () => {
    const rig = await makeRig(material, []);
    const outputs = new Outputs();
    const result = await tapOn(rig, card);
    outputs.outcome.apply(result);
    const everything = Buffer.concat([...rig.journal.all(), await outputs.all()]);
    const value = Buffer.from(result.conversionValue!);
    for (const form of [value, value.toString('hex'), value.toString('base64').slice(0, 20)]) {
      expect(everything.includes(form)).toBe(false);
    }
  });
});

describe('Outcome', () => {
  test('journalled first: the turnstile hears of it with the number of the entry', async () => {
    const rig = await rigFor(material, card, pinned(card));
    const outputs = new Outputs();
    const order: string[] = [];
    const append = vi.spyOn(rig.journal, 'append');
    const result = await tapOn(rig, card);
    order.push(...append.mock.results.map(({ type }) => type));
    outputs.outcome.apply(result);
    expect(order).toEqual(['return']);
    expect(JSON.parse(outputs.log)).toMatchObject({ tap: `76618e77-${result.sequence}` });
    expect(outputs.shown.at(-1)).toMatchObject({ state: 'admitted', partySize: 1 });
  });
});
