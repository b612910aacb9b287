import { parseArgs } from 'node:util';
import { formatFingerprint, type Passport, passportOf } from '@pinless-gate/protocol/bundle';
import { toHex } from '@pinless-gate/protocol/bytes';
import { type Command, EXIT_OK } from '@pinless-gate/runtime/program';
import { readLatestManifest } from '../bundle/directory.ts';
import { bundleArgument } from './options.ts';

/** `whitelist passport`: what two people read to one another. Signatures are not checked. */
export const passportCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  const { manifest, hash } = await readLatestManifest(bundleArgument(positionals));
  const passport = passportOf(manifest, hash);
  io.out(values.json ? JSON.stringify(passportJson(passport)) : passportLine(passport));
  return EXIT_OK;
};

export function passportLine(passport: Passport): string {
  const { eventName, version, entries } = passport;
  const count = entries.toLocaleString('en');
  const issued = isoTime(passport.issuedAt);
  return `${eventName}, version ${version}, ${count} entries, issued ${issued}, ${formatFingerprint(passport.fingerprint)}`;
}

export function passportJson(passport: Passport): object {
  return {
    ...passport,
    eventId: toHex(passport.eventId),
    issuedAt: isoTime(passport.issuedAt),
  };
}

/** `2026-12-20T09:00:00Z` */
export function isoTime(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace('.000Z', 'Z');
}
