import { rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { fingerprint, formatFingerprint } from '@pinless-gate/protocol/bundle';
import { type Command, EXIT_OK, type Io } from '@pinless-gate/runtime/program';
import { Progress } from '@pinless-gate/runtime/progress';
import { type Built, buildBundle } from '../build/build.ts';
import { reasonsOf } from '../build/left-out.ts';
import type { LineSet } from '../build/line-set.ts';
import type { CacheError } from '../build/sealed-sections.ts';
import { readEventFile } from '../event-file.ts';
import { openValidity } from '../validity/open.ts';
import { writeReport } from './build-report.ts';
import { countLeftOut, summaryOf } from './build-summary.ts';
import { keepInputs, required, wholeNumber } from './options.ts';

const MAX_REJECTS = 1_000_000_000;
const MAX_VERSION = 0xffff_ffff;

/** `whitelist build` */
export const buildCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      feed: { type: 'string' },
      event: { type: 'string' },
      out: { type: 'string' },
      crl: { type: 'string', multiple: true, default: [] },
      renewals: { type: 'string' },
      'allow-rejects': { type: 'string', default: '0' },
      rejects: { type: 'string' },
      cache: { type: 'string' },
      'no-cache': { type: 'boolean', default: false },
      report: { type: 'string', multiple: true },
      tickets: { type: 'string' },
      version: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const feed = required(values.feed, '--feed');
  const eventPath = required(values.event, '--event');
  const out = required(values.out, '--out');
  const rejects = values.rejects ?? beside(out, 'rejects.ndjson');
  const cache = values['no-cache'] ? undefined : (values.cache ?? beside(out, 'cache'));
  const reports = values.report ?? [];
  for (const report of reports) keepInputs([feed, eventPath], { '--report': report });
  keepInputs([feed, eventPath], {
    '--rejects': rejects,
    ...(values.tickets !== undefined && { '--tickets': values.tickets }),
  });
  const allowRejects = wholeNumber(values['allow-rejects'], '--allow-rejects', 0, MAX_REJECTS);
  const version =
    values.version === undefined
      ? undefined
      : wholeNumber(values.version, '--version', 1, MAX_VERSION);

  const start = performance.now();
  const now = Math.floor(Date.now() / 1000);
  const plan = await readEventFile(eventPath);
  const answers = `${resolve(out)}.answers`;
  const keys = await openKeyStore(plan.hsm);
  try {
    const { issuers, revocation } = await openValidity({
      ...{ event: plan, feed, crls: values.crl, renewals: values.renewals },
      keys,
      answers,
      ...asking(io),
    });
    const event = { ...plan, issuers };
    const built = await buildBundle({
      feed,
      out,
      rejects,
      cache,
      tickets: values.tickets,
      event,
      keys,
      revocation,
      version,
      allowRejects,
      now,
      signal: io.signal,
      progress: progressOn(io),
      report: async (built, findings) => {
        for (const path of reports) await writeReport(path, built, findings);
      },
    });
    // They were for a build that is broken off: the next publication asks again.
    await rm(answers, { force: true });
    const seconds = (performance.now() - start) / 1000;
    const pace = {
      seconds: Number(seconds.toFixed(3)),
      ratePerSecond: Math.round(built.gathered.lines / seconds),
    };
    if (values.json) io.out(JSON.stringify({ ...summaryOf(built), ...pace }));
    else report(built, rejects, io);
    return EXIT_OK;
  } finally {
    await keys.close();
  }
};

/** How OCSP is asked by a command. */
export function asking(io: Io) {
  const asked = new Progress(io, 'asked', () => performance.now());
  return { now: Date.now, signal: io.signal, progress: (count: number) => asked.update(count) };
}

/** `bundle.rejects.ndjson` beside `bundle/`: inside, it would be published. */
function beside(out: string, what: string): string {
  const path = resolve(out);
  return join(dirname(path), `${basename(path)}.${what}`);
}

function progressOn(io: Io) {
  const gathering = new Progress(io, 'purchases', () => performance.now());
  let writing = gathering;
  return {
    space: (needed: number, free: number) => sayDisk(needed, free, io),
    cacheLost: ({ code, message }: CacheError) =>
      io.err(`${message}: it is made anew, and every row is converted [${code}]`),
    gathered: (lines: number, fraction: number) => {
      if (fraction < 1) gathering.update(lines, fraction);
      else {
        gathering.end(lines);
        writing = new Progress(io, 'entries', () => performance.now());
      }
    },
    written: (entries: number, fraction: number) => {
      if (fraction < 1) writing.update(entries, fraction);
      else writing.end(entries);
    },
  };
}

const MUCH_DISK = 1024 ** 3;

/** Said where it is much, or more than there is: an estimate is no reason not to try. */
function sayDisk(needed: number, free: number, io: Io): void {
  if (needed < MUCH_DISK && needed < free) return;
  const gib = (octets: number) => `${(octets / 1024 ** 3).toFixed(1)} GiB`;
  io.err(`disk: up to ${gib(needed)} needed, ${gib(free)} free`);
}

function report(built: Built, rejectsPath: string, io: Io): void {
  const { manifest, hash, rejects, tally } = built;
  const count = (n: number) => n.toLocaleString('en');
  io.out(
    `version ${manifest.version}, ${count(manifest.entryCount)} entries in ${count(manifest.buckets.length)} buckets, fingerprint ${formatFingerprint(fingerprint(hash))}`,
  );
  if (rejects > 0) io.err(`${count(rejects)} lines rejected: see ${rejectsPath}`);
  const leftOut = countLeftOut(built.leftOut);
  if (leftOut > 0) {
    const where = linesOf(built, built.leftOut.rows);
    io.err(`${count(leftOut)} cards left out (${reasonsOf(built.leftOut)}): ${where}`);
  }
  if (manifest.revocationCheckedAt === undefined && tally.unchecked < manifest.entryCount) {
    io.err(`${count(tally.unchecked)} cards listed that no CRL speaks of`);
  }
  if (tally.expiring > 0) {
    const what = 'cards listed that cannot enter (expires-before-admission)';
    io.err(`${count(tally.expiring)} ${what}: ${linesOf(built, tally.expiringLines)}`);
  }
  if (built.pending + built.cancelled > 0) {
    io.err(`not listed: ${count(built.pending)} pending, ${count(built.cancelled)} cancelled`);
  }
}

const MAX_LINES_SHOWN = 20;

function linesOf({ placeOf }: Built, lines: LineSet): string {
  const places = lines.first(MAX_LINES_SHOWN).map(placeOf);
  const more = lines.size > MAX_LINES_SHOWN ? ` and ${lines.size - MAX_LINES_SHOWN} more` : '';
  if (places[0]!.file !== undefined) {
    return `${places.map(({ file, line }) => `${file}:${line}`).join(', ')}${more}`;
  }
  const word = lines.size > 1 ? 'lines' : 'line';
  return `${word} ${places.map(({ line }) => line).join(', ')}${more}`;
}
