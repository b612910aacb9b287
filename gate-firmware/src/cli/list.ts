import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { BundleError, formatFingerprint, type Passport } from '@pinless-gate/protocol/bundle';
import { toHex } from '@pinless-gate/protocol/bytes';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import { type Command, EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { readGateConfig } from '../config.ts';
import { Journal } from '../journal/journal.ts';
import { openEventKeys } from '../keys.ts';
import { systemClock } from '../lane/clock.ts';
import { applyBundle } from '../whitelist/apply.ts';
import { type FollowParts, openLists, update } from '../whitelist/follow.ts';
import { openPresent } from '../whitelist/present.ts';
import { directorySource } from '../whitelist/source.ts';
import { configFile } from './options.ts';

/** `gate list apply BUNDLE`: from a directory or a stick, while the gate does not run. */
export const applyCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { config: { type: 'string' }, json: { type: 'boolean' } },
  });
  const config = await readGateConfig(configFile(values.config));
  const [from] = positionals;
  if (from === undefined) throw new UsageError('which bundle? name its directory');
  await mkdir(config.journalDirectory, { recursive: true });
  const unlock = await lockDirectory(config.journalDirectory);
  const closers: (() => unknown)[] = [unlock];
  try {
    const journal = Journal.open(config.journalDirectory, config.gateId);
    closers.push(() => journal.close());
    const store = await openKeyStore(config.hsm);
    closers.push(() => store.close());
    const eventKeys = await openEventKeys(store, config, systemClock.now() / 1000, journal);
    const { directory } = config.whitelist;
    const source = directorySource(from);
    const parts: FollowParts = {
      directory,
      source,
      apply: (expected, present) => applyBundle(source, directory, expected, present),
      publishers: config.whitelist.publishers,
      eventId: config.eventId,
      eventKeyIds: async () => eventKeys.usable(systemClock.now() / 1000),
      journal,
      clock: systemClock,
    };
    const { lists, error } = await openLists(parts);
    closers.push(() => lists.close());
    if (error) io.err(`gate list apply: the list on this gate: ${error.message} [${error.code}]`);
    const next = await update(parts, lists);
    if (next) show(next.passport, values.json === true, io);
    else io.err('gate list apply: this list is in force already');
    return EXIT_OK;
  } finally {
    for (const close of closers.reverse()) await close();
  }
};

/** `gate list show`: the passport of the list in force. */
export const showListCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: { config: { type: 'string' }, json: { type: 'boolean' } },
  });
  const config = await readGateConfig(configFile(values.config));
  const list = await openPresent(config);
  if (!list) {
    throw new BundleError('ERR_LIST_MISSING', 'this gate has no list yet', {
      hint: 'gate list apply BUNDLE --config gate.toml, or let the gate fetch it',
    });
  }
  show(list.passport, values.json === true, io);
  await list.close();
  return EXIT_OK;
};

function show(passport: Passport, json: boolean, io: Io): void {
  const { eventId, eventName, version, entries, issuedAt, fingerprint } = passport;
  const issued = new Date(1000 * issuedAt).toISOString();
  io.out(
    json
      ? JSON.stringify({
          eventId: toHex(eventId),
          eventName,
          version,
          entries,
          issuedAt,
          fingerprint,
        })
      : `${eventName}  v${version}  ${entries} entries  issued ${issued}  ${formatFingerprint(fingerprint)}`,
  );
}
