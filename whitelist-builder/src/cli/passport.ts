import { parseArgs } from 'node:util';
import { formatFingerprint, type Passport, passportOf } from '@pinless-gate/protocol/bundle';
import { toHex } from '@pinless-gate/protocol/bytes';
import { ruleSentences, type SentenceLanguage } from '@pinless-gate/protocol/rule-sentences';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { readLatestManifest } from '../bundle/directory.ts';
import { bundleArgument } from './options.ts';

/** `whitelist passport`: what two people read to one another. Signatures are not checked. */
export const passportCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rules: { type: 'boolean', default: false },
      language: { type: 'string', default: 'en' },
    },
  });
  const language = sentenceLanguage(values.language);
  const { manifest, hash } = await readLatestManifest(bundleArgument(positionals));
  const passport = passportOf(manifest, hash);
  const rules = values.rules ? ruleSentences(manifest.policy, language) : undefined;
  if (values.json) io.out(JSON.stringify({ ...passportJson(passport), rules }));
  else for (const line of [passportLine(passport), ...(rules ?? [])]) io.out(line);
  return EXIT_OK;
};

/** `--language` of the commands that say rules in sentences. */
export function sentenceLanguage(given: string): SentenceLanguage {
  if (given === 'ja' || given === 'en') return given;
  throw new UsageError(`unknown language "${given}"`, 'there are ja and en');
}

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
