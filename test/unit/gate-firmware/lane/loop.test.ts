import { TerminalError } from '@pinless-gate/gate-firmware/card/dialogue';
import { ReaderError } from '@pinless-gate/gate-firmware/card/error';
import type { Reader } from '@pinless-gate/gate-firmware/card/reader';
import type { ReaderState } from '@pinless-gate/gate-firmware/card/reader-messages';
import { LaneLoop } from '@pinless-gate/gate-firmware/lane/loop';
import type { TapResult } from '@pinless-gate/gate-firmware/lane/tap';
import { GateError } from '@pinless-gate/protocol/errors';
import {
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { type NewCard, newCard } from '../../../sandbox/jlis/new-card.ts';
import { onReader, STAGE_TIMEOUT_MS } from '../stage.ts';
import { forFile } from '../temporary.ts';
import { type Material, makeMaterial, makeRig } from './rig.ts';

let material: Material;
let card: NewCard;

beforeAll(async () => {
  material = await makeMaterial(forFile());
  card = await newCard(material.stage.jlis);
}, STAGE_TIMEOUT_MS);

let pump: NodeJS.Timeout;

// Pauses of the loop pass at once.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  pump = setInterval(() => vi.advanceTimersByTime(500), 1);
});
afterEach(() => {
  clearInterval(pump);
  vi.useRealTimers();
});

const PRESENT = 0x20;
const EMPTY = 0x10;
const inserted = (count: number): ReaderState => ({
  kind: 'present',
  reader: 'R',
  known: (count << 16) | PRESENT,
});
const empty = (count: number): ReaderState => ({
  kind: 'empty',
  reader: 'R',
  known: (count << 16) | EMPTY,
});
const NO_SERVICE: ReaderState = { kind: 'no-service', why: 'not running' };

interface Lane {
  readonly loop: LaneLoop;
  readonly taps: TapResult[];
  /** Codes of faults, `well` when one is over. */
  readonly faults: string[];
  /** What each watch was asked to wait for. */
  readonly watched: (number | undefined)[];
  readonly disconnects: number;
}

interface Script {
  readonly states: readonly ReaderState[];
  readonly health?: () => Promise<void>;
  readonly obstacle?: () => GateError | undefined;
  readonly sign?: (challenge: Uint8Array) => Promise<Uint8Array>;
  readonly disconnect?: () => Promise<void>;
  readonly transmit?: () => Promise<never>;
}

/** Runs a lane on a reader that goes through the states once; ends after the last. */
async function run(script: Script): Promise<Lane> {
  const { stage } = material;
  const { sign = stage.jpki.terminal.sign } = script;
  const profile = { ...stage.jpki, terminal: { ...stage.jpki.terminal, sign } };
  const rig = await makeRig(material, [], { profiles: [profile] });
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const taps: TapResult[] = [];
  const faults: string[] = [];
  const watched: (number | undefined)[] = [];
  let disconnects = 0;
  const states = [...script.states];
  const reader = {
    watch: async (known?: number) => {
      watched.push(known);
      const next = states.shift();
      if (!next) abort.abort();
      return next ?? empty(0xff);
    },
    session: () => script.transmit ?? onReader(card.file).transmit,
    disconnect: async () => {
      disconnects += 1;
      await script.disconnect?.();
    },
  } as unknown as Reader;
  const events = {
    onCard: () => undefined,
    onProgress: () => undefined,
    onResult: (result: TapResult) => taps.push(result),
    onFault: (fault: GateError | undefined) => faults.push(fault?.code ?? 'well'),
    onReader: () => undefined,
  };
  const { health = async () => undefined, obstacle = () => undefined } = script;
  const parts = { reader, tap: rig.parts, events, health, obstacle };
  const loop = new LaneLoop(parts, abort.signal);
  await loop.run();
  return { loop, taps, faults, watched, disconnects };
}

describe('LaneLoop, cards', () => {
  test.each<[string, ReaderState[], number]>([
    ['no card', [empty(0), empty(0)], 0],
    ['a card', [empty(0), inserted(1), empty(2)], 1],
    ['a card that was there before the gate', [inserted(5)], 1],
    ['one card that stays', [inserted(1), inserted(1), inserted(1)], 1],
    ['a card, away and there again', [inserted(1), empty(2), inserted(3)], 2],
    ['away and there again between two looks', [inserted(1), inserted(3)], 2],
    ['the counter of a new service begins anew', [inserted(1), NO_SERVICE, inserted(1)], 2],
  ])('%s', async (_, states, count) => {
    const { taps, faults, disconnects } = await run({ states });
    expect(taps).toHaveLength(count);
    expect(disconnects).toBe(count);
    expect(faults.filter((code) => !['ERR_READER_SERVICE', 'well'].includes(code))).toEqual([]);
  });

  test('waits for the next change only where nothing is wrong', async () => {
    const { watched } = await run({ states: [empty(0), NO_SERVICE, empty(0), empty(0)] });
    expect(watched).toEqual([undefined, EMPTY, undefined, EMPTY, EMPTY]);
  });
});

describe('LaneLoop, faults', () => {
  test('the window of the event key ends while nobody taps: out of service until another is there', async () => {
    const ended = new GateError('ERR_ENVELOPE_EXPIRED', 'the event key was valid until noon');
    const answers = [undefined, ended, ended, ended, undefined];
    const states = [empty(0), empty(0), inserted(1), inserted(1), inserted(1)];
    const { faults, taps } = await run({ states, obstacle: () => answers.shift() });
    expect(faults).toEqual(['ERR_ENVELOPE_EXPIRED', 'well']);
    expect(taps).toHaveLength(1);
  });

  test.each<[string, ReaderState, string]>([
    ['no service', NO_SERVICE, 'ERR_READER_SERVICE'],
    ['no reader', { kind: 'no-reader', names: [] }, 'ERR_READER_MISSING'],
    ['several readers', { kind: 'several-readers', names: ['A', 'B'] }, 'ERR_READER_SEVERAL'],
  ])('%s: told once, over by itself, cards are served again', async (_, state, code) => {
    const { taps, faults, loop } = await run({ states: [state, state, state, inserted(1)] });
    expect(faults).toEqual([code, 'well']);
    expect(taps).toHaveLength(1);
    expect(loop.fault).toBeUndefined();
  });

  test('one fault after another: each is told', async () => {
    const states: ReaderState[] = [NO_SERVICE, { kind: 'no-reader', names: [] }, empty(0)];
    expect((await run({ states })).faults).toEqual([
      'ERR_READER_SERVICE',
      'ERR_READER_MISSING',
      'well',
    ]);
  });

  test('the reader is back but the HSM is not: out of service, no card is touched', async () => {
    const health = () => Promise.reject(new GateError('ERR_HSM_DEVICE', 'down'));
    const { faults, taps } = await run({ states: [NO_SERVICE, inserted(1), inserted(1)], health });
    expect(faults).toEqual(['ERR_READER_SERVICE', 'ERR_HSM_DEVICE']);
    expect(taps).toEqual([]);
  });

  test('a card that breaks the reader: refused, then the lane comes back', async () => {
    const transmit = () => Promise.reject(new ReaderError('ERR_READER', 'gone'));
    const { faults, taps } = await run({ states: [inserted(1), empty(2)], transmit });
    expect(taps.map(({ decision }) => decision)).toEqual([
      { admitted: false, reason: 'gate-fault' },
    ]);
    expect(faults).toEqual(['ERR_READER', 'well']);
  });

  test('a reader that does not let go of a card', async () => {
    const disconnect = () => Promise.reject(new ReaderError('ERR_READER', 'gone'));
    expect((await run({ states: [inserted(1), empty(2)], disconnect })).faults).toEqual([
      'ERR_READER',
      'well',
    ]);
  });

  test('the wrong institution key: never tried again, whatever comes and goes', async () => {
    const sign = async () => new Uint8Array(256);
    const states = [
      inserted(1),
      empty(2),
      inserted(3),
      NO_SERVICE,
      empty(0),
      inserted(1),
      inserted(3),
    ];
    const { faults, taps, loop } = await run({ states, sign });
    expect(faults).toEqual(['ERR_TERMINAL_SIGNATURE']);
    expect(taps).toHaveLength(1);
    expect(loop.fault).toBeInstanceOf(TerminalError);
  });

  test.each<[string, Partial<Script>]>([
    ['in a tap', { sign: () => Promise.reject(new TypeError('defect')) }],
    ['letting go', { disconnect: () => Promise.reject(new TypeError('defect')) }],
  ])('a defect %s ends the loop', async (_, script) => {
    await expect(run({ states: [inserted(1)], ...script })).rejects.toThrow(TypeError);
  });
});
