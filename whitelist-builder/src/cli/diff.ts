import { parseArgs } from 'node:util';
import { type Manifest, passportOf } from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { type Command, EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { entryName } from '../build/ticket-index.ts';
import { type BundleDiff, type DiffSide, diffBundles } from '../bundle/diff.ts';
import { readLatestManifest, readManifest } from '../bundle/directory.ts';
import { diffTickets, type TicketDiff } from '../bundle/ticket-diff.ts';
import { passportJson, passportLine } from './passport.ts';

/** `whitelist diff`: what the second list has that the first one has not. Needs no key, and proves nothing. */
export const diffCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      'tickets-before': { type: 'string' },
      'tickets-after': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { 'tickets-before': ticketsBefore, 'tickets-after': ticketsAfter } = values;
  if ((ticketsBefore === undefined) !== (ticketsAfter === undefined)) {
    throw new UsageError('--tickets-before and --tickets-after go together');
  }
  const [before, after] = await sidesOf(positionals);
  const differing = new Set<string>();
  const told = (_: string, conversionValue: Uint8Array) =>
    differing.add(entryName(conversionValue));
  const diff = await diffBundles(before, after, ticketsBefore === undefined ? undefined : told);
  const tickets =
    ticketsBefore === undefined
      ? undefined
      : await diffTickets(differing, ticketsBefore, ticketsAfter!);
  if (values.json) io.out(JSON.stringify(toJson(before, after, diff, tickets)));
  else print(before, after, diff, tickets, io);
  return EXIT_OK;
};

/** Two bundles, or a bundle against the list before its newest. */
async function sidesOf(directories: readonly string[]): Promise<[DiffSide, DiffSide]> {
  const [first, second, ...more] = directories;
  if (!first || more.length > 0) {
    throw new UsageError('give one or two bundle directories', 'see whitelist --help');
  }
  const newest = { directory: second ?? first, ...(await readLatestManifest(second ?? first)) };
  const before = second
    ? await readLatestManifest(first)
    : await readManifest(first, previousOf(newest.manifest));
  if (!equal(before.manifest.eventId, newest.manifest.eventId)) {
    throw new GateError('ERR_BUNDLE_EVENT', 'the bundles are for two events');
  }
  return [{ directory: first, ...before }, newest];
}

function previousOf({ previous }: Manifest): Uint8Array {
  if (!previous) throw new UsageError('the first list of an event has none before it');
  return previous;
}

function toJson(
  before: DiffSide,
  after: DiffSide,
  { byBucket, ...diff }: BundleDiff,
  tickets: TicketDiff | undefined,
): object {
  const buckets = [...byBucket].map(([bucket, counts]) => ({ bucket, ...counts }));
  const passports = [before, after].map(({ manifest, hash }) => {
    return passportJson(passportOf(manifest, hash));
  });
  return { before: passports[0], after: passports[1], ...diff, buckets, tickets };
}

function print(
  before: DiffSide,
  after: DiffSide,
  { entries, byBucket, newBuckets, newOctets }: BundleDiff,
  tickets: TicketDiff | undefined,
  io: Io,
): void {
  const count = (n: number) => n.toLocaleString('en');
  for (const [name, { manifest, hash }] of [
    ['before', before],
    ['after', after],
  ] as const) {
    io.out(`${name.padEnd(8)} ${passportLine(passportOf(manifest, hash))}`);
  }
  const { added, removed, changed, same } = entries;
  io.out(
    `entries  ${count(added)} added, ${count(removed)} removed, ${count(changed)} changed, ${count(same)} the same`,
  );
  io.out(
    `buckets  ${count(byBucket.size)} of ${count(after.manifest.buckets.length)} differ; ${count(newBuckets)} files to fetch, ${count(newOctets)} octets`,
  );
  for (const [name, numbers] of Object.entries(tickets ?? {})) {
    io.out(`tickets  ${count(numbers.length)} ${name}${someOf(numbers)}`);
  }
}

const MAX_SHOWN = 20;

function someOf(numbers: readonly string[]): string {
  if (numbers.length === 0) return '';
  const more = numbers.length > MAX_SHOWN ? ` and ${numbers.length - MAX_SHOWN} more` : '';
  return `: ${numbers.slice(0, MAX_SHOWN).join(', ')}${more}`;
}
