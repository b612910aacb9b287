import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyBundle } from '@pinless-gate/gate-firmware/whitelist/apply';
import {
  type BundleSource,
  directorySource,
  httpSource,
} from '@pinless-gate/gate-firmware/whitelist/source';
import type { Whitelist } from '@pinless-gate/gate-firmware/whitelist/store';
import type { BucketEntry } from '@pinless-gate/protocol/bundle';
import { markedEntries, Press } from '@pinless-gate/test/lists/press';
import { publishBundle } from '@pinless-gate/whitelist-builder/bundle/publish';
import type { Bench, BenchContext } from './bench.ts';
import type { GatesStart, GateTold } from './delta-gates.ts';
import { SEALED } from './million.ts';
import { resultOf } from './result.ts';
import { alternate, elapsedMs } from './rounds.ts';

const ENTRIES = 50_000;
/** Buckets of 59 KiB, as `whitelist build` makes them. */
const BUCKET_BITS = 8;
const WHOLE_GATES = 2;
const LIGHT_GATES = 98;
const LIGHT_PROCESSES = 2;
const ROUNDS = 8;
const WANTED_S = 2;
const WANTED_KB = 200;
const PATIENCE_MS = 120_000;
const WHITELIST = fileURLToPath(
  new URL('../../whitelist-builder/bin/whitelist.js', import.meta.url),
);

/** How long from `publish` until a hundred gates have a list in which one ticket changed. */
export const whitelistDelta: Bench = {
  target: { text: `p95 ${WANTED_S} s or less`, met: ({ ours }) => ours.p95 <= WANTED_S },
  async measure(context) {
    const { log, directory } = context;
    const venue = await openVenue(context);
    log(`${WHOLE_GATES} gates and ${LIGHT_GATES} that fetch and verify as they do`);
    const gates = await openGates(venue, context);
    const lone = new LoneGate(venue, join(directory, 'lone'));
    context.defer(() => lone.close());
    const { ours, baseline } = await alternate(
      ROUNDS,
      async () => {
        const version = venue.print();
        return (await elapsedMs(() => Promise.all([venue.publish(), gates.have(version)]))) / 1000;
      },
      async () => (await elapsedMs(() => lone.apply(directorySource(venue.served)))) / 1000,
    );
    return resultOf({
      bench: 'whitelist-delta',
      unit: 's',
      better: 'lower',
      ours,
      baselineName: 'one gate that applies the same list from the directory, alone',
      baseline,
    });
  },
};

/** What a gate fetches where one ticket changed. */
export const whitelistDeltaBytes: Bench = {
  target: { text: `${WANTED_KB} KB or less`, met: ({ ours }) => ours.p99 <= WANTED_KB },
  async measure(context) {
    const venue = await openVenue(context);
    const lone = new LoneGate(venue, join(context.directory, 'lone'));
    context.defer(() => lone.close());
    const { source, taken } = counting(httpSource(venue.url, PATIENCE_MS));
    await lone.apply(source);
    const { ours, baseline } = await alternate(
      ROUNDS,
      async () => {
        venue.print();
        await venue.publish();
        taken();
        await lone.apply(source);
        return taken() / 1000;
      },
      async () => venue.octets() / 1000,
    );
    return resultOf({
      bench: 'whitelist-delta-bytes',
      unit: 'kB',
      better: 'lower',
      ours,
      baselineName: 'the whole list',
      baseline,
    });
  },
};

interface Venue {
  readonly press: Press;
  readonly served: string;
  readonly url: URL;
  /** Prints the next list, in which one record is another; returns its version. */
  print(): number;
  publish(): Promise<unknown>;
  /** Of the list that was printed last. */
  octets(): number;
}

/** A list that is published where `whitelist serve` serves it, in a process of its own. */
async function openVenue({ directory, defer, log }: BenchContext): Promise<Venue> {
  log(`a list of ${ENTRIES.toLocaleString('en')} entries`);
  const press = new Press();
  const [bundle, served] = [join(directory, 'bundle'), join(directory, 'served')];
  const entries = markedEntries(ENTRIES, 0, SEALED);
  let version = 0;
  const print = () => {
    const at = (version * 7919) % ENTRIES;
    entries[at] = { ...entries[at]!, sealed: new Uint8Array(SEALED).fill(++version) };
    press.print(bundle, { version, entries, bucketBits: BUCKET_BITS });
    return version;
  };
  const publish = () =>
    publishBundle({
      from: bundle,
      to: served,
      expectations: press.trust,
      sets: [],
      keep: 3,
      now: Date.now() / 1000,
      signal: new AbortController().signal,
      progress: () => undefined,
    });
  print();
  await publish();
  const url = await serve(served, defer);
  return { press, served, url, print, publish, octets: () => octetsOf(entries) };
}

async function serve(directory: string, defer: BenchContext['defer']): Promise<URL> {
  const server = spawn(process.execPath, [WHITELIST, 'serve', '--dir', directory, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  defer(() => end(server));
  const [said] = await once(server.stdout, 'data');
  return new URL(String(said).trim());
}

function octetsOf(entries: readonly BucketEntry[]): number {
  return entries.reduce((sum, { sealed }) => sum + 18 + sealed.length, 0);
}

/** Resolves when every gate has told that it has the version. */
class Gates {
  readonly #count = new Map<number, number>();
  readonly #all: number;
  #waiting: (() => void) | undefined;

  constructor(children: readonly ChildProcess[], all: number) {
    this.#all = all;
    for (const child of children) {
      child.on('message', ({ version }: GateTold) => {
        this.#count.set(version, (this.#count.get(version) ?? 0) + 1);
        this.#waiting?.();
      });
    }
  }

  async have(version: number): Promise<void> {
    while ((this.#count.get(version) ?? 0) < this.#all) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }
}

async function openGates(
  { press, url }: Venue,
  { directory, defer }: BenchContext,
): Promise<Gates> {
  const start = (name: string, count: number, whole: boolean) => {
    const child = fork(new URL('./delta-gates.js', import.meta.url), {
      serialization: 'advanced',
    });
    defer(() => end(child));
    const root = join(directory, name);
    child.send({ root, url: url.href, trust: press.trust, count, whole } satisfies GatesStart);
    return child;
  };
  const children = [
    ...Array.from({ length: WHOLE_GATES }, (_, i) => start(`gate-${i}`, 1, true)),
    ...Array.from({ length: LIGHT_PROCESSES }, (_, i) =>
      start(`light-${i}`, LIGHT_GATES / LIGHT_PROCESSES, false),
    ),
  ];
  const gates = new Gates(children, WHOLE_GATES + LIGHT_GATES);
  await gates.have(1);
  return gates;
}

/** A gate in this process, without a follower. */
class LoneGate {
  readonly #venue: Venue;
  readonly #directory: string;
  #list: Whitelist | undefined;

  constructor(venue: Venue, directory: string) {
    this.#venue = venue;
    this.#directory = directory;
  }

  async apply(source: BundleSource): Promise<void> {
    const { eventId, eventKeyId, publishers } = this.#venue.press.trust;
    const floor = this.#list?.manifest.version ?? 0;
    const expected = {
      eventId,
      eventKeyIds: [eventKeyId],
      publishers,
      floor,
      now: Date.now() / 1000,
    };
    const next = await applyBundle(source, this.#directory, expected, this.#list);
    if (!next) throw new Error('there is no newer list');
    await this.#list?.close();
    this.#list = next;
  }

  async close(): Promise<void> {
    await this.#list?.close();
  }
}

/** Octets of files that were read since the last question. */
function counting(source: BundleSource): { source: BundleSource; taken: () => number } {
  let octets = 0;
  return {
    source: {
      ...source,
      read: async (...request) => {
        const bytes = await source.read(...request);
        octets += bytes.length;
        return bytes;
      },
    },
    taken: () => {
      const before = octets;
      octets = 0;
      return before;
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill();
  await closed;
}
