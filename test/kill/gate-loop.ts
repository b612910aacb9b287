import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { jpki } from '@pinless-gate/gate-firmware/card/profiles/jpki';
import type { Reader } from '@pinless-gate/gate-firmware/card/reader';
import { createDisplay } from '@pinless-gate/gate-firmware/display/app';
import { listen } from '@pinless-gate/gate-firmware/display/listen';
import { DisplayBus } from '@pinless-gate/gate-firmware/display/state';
import { httpTurnstile } from '@pinless-gate/gate-firmware/hardware/http-turnstile';
import { Checkpoints } from '@pinless-gate/gate-firmware/journal/checkpoints';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { ClockWatch } from '@pinless-gate/gate-firmware/lane/clock-watch';
import { LaneLoop } from '@pinless-gate/gate-firmware/lane/loop';
import { Nonces } from '@pinless-gate/gate-firmware/lane/nonce';
import { Outcome } from '@pinless-gate/gate-firmware/lane/outcome';
import { ShortCodes } from '@pinless-gate/gate-firmware/lane/short-code';
import { Metrics } from '@pinless-gate/gate-firmware/metrics';
import { openCurrent } from '@pinless-gate/gate-firmware/whitelist/apply';
import { Lists } from '@pinless-gate/gate-firmware/whitelist/lists';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { type RsaPublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';
import { createLog } from '@pinless-gate/runtime/log';
import { FakeKeyStore } from '../fakes/key-store.ts';
import { Random } from '../fuzz/random.ts';
import { cardFromFile } from '../sandbox/card/card-file.ts';
import { CardSession } from '../sandbox/card/session.ts';
import type { Venue } from './venue.ts';

// A gate that serves one card after the other until it is killed: its loop, tap, list, journal, checkpoints and
// turnstile as they are; keys in memory, cards without a reader. Started by campaign.ts.

export interface LoopStart {
  readonly venue: Venue;
  readonly turnstile: string;
  readonly seed: number;
  /** Serve the display, and tell its URL first. */
  readonly display?: true;
}

const GATE_ID = new Uint8Array(16).fill(0x9a);
const PRESENT = 0x20;
const EMPTY = 0x10;

process.once('message', async ({ venue, turnstile, seed, display }: LoopStart) => {
  const journal = Journal.open(join(venue.root, 'journal'), GATE_ID);
  const clock = new ClockWatch({
    wall: Date.now,
    monotonic: () => performance.now(),
    floor: journal.newestTime(),
    list: () => undefined,
    onStep: () => undefined,
  });
  const times = () => ({ at: clock.now(), monotonicMs: Math.round(clock.monotonic()) });
  const inOrder = journal.endedInOrder();
  if (!inOrder) journal.append({ kind: 'fault', ...times(), detail: 'ERR_GATE_KILLED' });
  journal.append({ kind: 'start', ...times(), detail: 'gate' });
  const store = FakeKeyStore.of(venue.keys);
  const checkpoints = new Checkpoints({
    journal,
    sign: (message) => store.sign('device', message),
    now: clock.now,
    onError: fail,
  });
  const bus = new DisplayBus();
  if (display) await serveDisplay(bus);
  const outcome = openOutcome(turnstile, bus);
  const list = await openCurrent(join(venue.root, 'lists'), venue.trust.publishers);
  const converter = new Converter(store, 'event');
  const { certificates, publicKey } = venue.terminal;
  const terminal = {
    certificates,
    publicKey: readPublicKey(publicKey) as RsaPublicKey,
    sign: (challenge: Uint8Array) => store.sign('institution', challenge),
  };
  const loop = new LaneLoop(
    {
      reader: readerOf(venue, new Random(seed)),
      tap: {
        eventId: venue.trust.eventId,
        gateId: GATE_ID,
        lane: { gates: ['A'] },
        profiles: [{ profile: jpki, terminal }],
        anchors: trustAnchors([venue.ca]),
        limits: { commandTimeoutMs: 5000, tapTimeoutMs: 10_000 },
        converterOf: () => converter,
        lists: new Lists(list),
        journal,
        clock,
        nonces: new Nonces(randomBytes),
        codes: new ShortCodes(randomBytes),
      },
      events: {
        onCard: () => {
          process.send!('card');
          outcome.visit.hold(0);
        },
        onProgress: (fraction) => outcome.visit.hold(fraction),
        onResult: (result) => {
          if (result.fault) fail(result.fault);
          outcome.apply(result);
          checkpoints.entry();
        },
        onFault: (fault) => fault && fail(fault),
        onReader: () => undefined,
      },
      health: async () => undefined,
    },
    new AbortController().signal,
  );
  await loop.run().catch(fail);
});

async function serveDisplay(bus: DisplayBus): Promise<void> {
  const page = createDisplay({ bus, languages: ['ja', 'en'], defaultLanguage: 'ja' });
  const { url } = await listen((request) => page.fetch(request), { host: '127.0.0.1', port: 0 });
  process.send!({ display: url });
}

function openOutcome(url: string, display: DisplayBus): Outcome {
  return new Outcome({
    gateId: GATE_ID,
    display,
    turnstile: httpTurnstile({ url: new URL(url), timeoutMs: 10_000 }),
    receipts: { print: () => undefined, unable: false },
    metrics: new Metrics(),
    log: createLog('gate', 'error'),
    defaultLanguage: 'ja',
    passages: { opened: () => undefined },
    mode: () => 'normal',
  });
}

/** Cards come and go, one after the other, as fast as they are served; some come twice. */
function readerOf({ cards }: Venue, random: Random): Reader {
  let count = 0;
  const next = () => {
    const session = new CardSession(cardFromFile(random.pick(cards)), {});
    return async (commands: readonly Uint8Array[]) => {
      const answers: Uint8Array[] = [];
      for (const command of commands) {
        const answer = await session.transmit(command);
        answers.push(answer!);
        if (answer!.at(-2) !== 0x90) break;
      }
      return answers;
    };
  };
  const reader: Pick<Reader, 'watch' | 'session' | 'disconnect'> = {
    async watch() {
      await setImmediate();
      count += 1;
      const known = (count << 16) | (count % 2 ? PRESENT : EMPTY);
      return { kind: count % 2 ? 'present' : 'empty', reader: 'R', known };
    },
    session: next,
    disconnect: async () => undefined,
  };
  return reader as Reader;
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
