import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DEFAULT_LABELS } from '@pinless-gate/hsm/key-store';
import { contentName, type ManifestSignature, sha256 } from '@pinless-gate/protocol/bundle';
import { toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import {
  decodeSignedPublisherSet,
  encodePublisherSet,
  encodeSignedPublisherSet,
  type PublisherSet,
} from '@pinless-gate/protocol/publishers';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { type PublisherSetFile, readPublisherSet } from '../bundle/publisher-sets.ts';
import { isSigned, withSignature } from '../bundle/signing.ts';
import { readEventFile } from '../event-file.ts';
import { required, wholeNumber } from './options.ts';
import { isoTime } from './passport.ts';
import { readPublishers } from './publisher-options.ts';
import { withPublisher } from './sign.ts';

const MAX_NUMBER = 999_999;
const MAX_FLOOR = 0xffff_ffff;

/** `whitelist publishers new`: who may publish from now on, signed by nobody yet. */
export const newPublishersCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      event: { type: 'string' },
      number: { type: 'string' },
      publisher: { type: 'string', multiple: true },
      threshold: { type: 'string' },
      'list-floor': { type: 'string' },
      out: { type: 'string' },
    },
  });
  const event = required(values.event, '--event');
  const number = required(values.number, '--number');
  const threshold = required(values.threshold, '--threshold');
  const out = required(values.out, '--out');
  const floor = values['list-floor'];
  if (!values.publisher) throw new UsageError('--publisher is required', 'see whitelist --help');
  if (existsSync(out)) throw new GateError('ERR_PUBLISHERS_EXISTS', `${out}: is there already`);
  const set: PublisherSet = {
    eventId: (await readEventFile(event)).eventId,
    number: wholeNumber(number, '--number', 1, MAX_NUMBER),
    issuedAt: Math.floor(Date.now() / 1000),
    publishers: await readPublishers(values.publisher, threshold),
    listFloor: floor === undefined ? undefined : wholeNumber(floor, '--list-floor', 0, MAX_FLOOR),
  };
  const content = encodeSignedPublisherSet({ set: encodePublisherSet(set), signatures: [] });
  await writeFileDurably(out, content);
  for (const line of describe(await readPublisherSet(out))) io.out(line);
  return EXIT_OK;
};

/** `whitelist publishers sign`: by one of those before, or of those who follow. */
export const signPublishersCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      publisher: { type: 'string', default: DEFAULT_LABELS.publisher },
    },
  });
  const path = fileArgument(positionals);
  const config = required(values.config, '--config');
  const { bytes } = await readPublisherSet(path);
  const { set, signatures: there } = decodeSignedPublisherSet(bytes);
  const signatures = await withPublisher(config, values.publisher, (keys, publisher) =>
    withSignature(set, there, keys, publisher),
  );
  if (signatures) await writeFileDurably(path, encodeSignedPublisherSet({ set, signatures }));
  else io.err('signed already');
  for (const line of describe(await readPublisherSet(path))) io.out(line);
  return EXIT_OK;
};

/** `whitelist publishers show`: what stands in it and who signed. What came before it nobody can tell from it. */
export const showPublishersCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  const file = await readPublisherSet(fileArgument(positionals));
  if (values.json) io.out(JSON.stringify(toJson(file)));
  else for (const line of describe(file)) io.out(line);
  return EXIT_OK;
};

function fileArgument([path, ...more]: readonly string[]): string {
  if (!path || more.length > 0) {
    throw new UsageError('give one file of publishers', 'see whitelist --help');
  }
  return path;
}

interface Signatories {
  /** Those of the set, each with whether it signed the set. */
  readonly members: readonly { readonly key: string; readonly signed: boolean }[];
  /** Key ids of other signatures; whether they hold, those before can tell. */
  readonly others: readonly string[];
}

function signatoriesOf({ bytes, set: { publishers } }: PublisherSetFile): Signatories {
  const { set, signatures } = decodeSignedPublisherSet(bytes);
  const members = publishers.keys.map((spki) => ({
    key: contentName(sha256(spki)),
    signed: isSigned(set, signatures, { keys: [spki], threshold: 1 }),
  }));
  const isMember = ({ keyId }: ManifestSignature) =>
    members.some(({ key }) => key === toHex(keyId));
  const others = signatures.filter((one) => !isMember(one)).map(({ keyId }) => toHex(keyId));
  return { members, others };
}

function toJson(file: PublisherSetFile): object {
  const { eventId, number, issuedAt, listFloor, publishers } = file.set;
  const { members, others } = signatoriesOf(file);
  return {
    eventId: toHex(eventId),
    number,
    issuedAt: isoTime(issuedAt),
    listFloor: listFloor ?? null,
    threshold: publishers.threshold,
    publishers: members,
    signedBesides: others,
  };
}

function describe(file: PublisherSetFile): string[] {
  const { eventId, number, issuedAt, listFloor, publishers } = file.set;
  const { members, others } = signatoriesOf(file);
  const signed = members.filter((one) => one.signed).length;
  return [
    `publishers ${number} of event ${toHex(eventId)}, ${isoTime(issuedAt)}`,
    `${publishers.threshold} of ${members.length} must sign; ${signed} have signed this`,
    ...(listFloor === undefined ? [] : [`gates start again above list version ${listFloor}`]),
    ...members.map((one) => `${one.signed ? 'signed    ' : 'not signed'}  ${one.key}`),
    ...others.map((key) => `signed by   ${key}  none of them: of those before?`),
  ];
}
