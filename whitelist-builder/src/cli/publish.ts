import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { passportOf } from '@pinless-gate/protocol/bundle';
import { type Command, EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { Progress } from '@pinless-gate/runtime/progress';
import { type Published, publishBundle } from '../bundle/publish.ts';
import { readPublisherSet } from '../bundle/publisher-sets.ts';
import { bundleArgument, required, wholeNumber } from './options.ts';
import { passportJson, passportLine } from './passport.ts';
import { expectationsOf } from './publisher-options.ts';

const MAX_KEEP = 1_000_000;

/** `whitelist publish`: the newest list into a directory that gates read, or onto a stick. */
export const publishCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      event: { type: 'string' },
      publisher: { type: 'string', multiple: true },
      threshold: { type: 'string' },
      publishers: { type: 'string', multiple: true, default: [] },
      keep: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const from = bundleArgument(positionals);
  const to = required(values.to, '--to');
  if (resolve(from) === resolve(to)) throw new UsageError('--to is the bundle itself');
  const { event, publisher, threshold } = values;
  const keep =
    values.keep === undefined ? undefined : wholeNumber(values.keep, '--keep', 1, MAX_KEEP);
  const expectations = await expectationsOf({ event, keys: publisher, threshold });
  const sets = await Promise.all(values.publishers.map(readPublisherSet));
  const progress = new Progress(io, 'buckets', () => performance.now());
  const published = await publishBundle({
    ...{ from, to, expectations, sets, keep },
    now: Math.floor(Date.now() / 1000),
    signal: io.signal,
    progress: (buckets, fraction) => progress.update(buckets, fraction),
  });
  if (values.json) io.out(JSON.stringify(toJson(published)));
  else print(published, io);
  return EXIT_OK;
};

function toJson({ manifest, hash, changed, buckets, octets, sets, dropped }: Published): object {
  const passport = passportJson(passportOf(manifest, hash));
  return { changed, buckets, octets, publishers: sets, dropped, ...passport };
}

function print(published: Published, io: Io): void {
  const { manifest, hash, changed, buckets, octets, sets, dropped } = published;
  const what = changed ? 'published' : 'published already';
  io.out(`${what}: ${passportLine(passportOf(manifest, hash))}`);
  const count = (n: number) => n.toLocaleString('en');
  if (buckets > 0) io.err(`${count(buckets)} new buckets, ${count(octets)} octets`);
  if (sets.length > 0) io.err(`publishers ${sets.join(', ')} follow`);
  if (dropped > 0) io.err(`${count(dropped)} old files removed`);
}
