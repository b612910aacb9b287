import { join } from 'node:path';
import { BundleError, type Publishers } from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { FormatError } from '@pinless-gate/protocol/errors';
import {
  decodePublisherSet,
  decodeSignedPublisherSet,
  MAX_PUBLISHERS_LENGTH,
  type PublisherSet,
  publishersName,
  verifyPublisherSet,
} from '@pinless-gate/protocol/publishers';
import { readInputFile } from '@pinless-gate/runtime/input-file';

/** The file of a set of publishers, and what stands in it. */
export interface PublisherSetFile {
  /** Where it was found, for messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly set: PublisherSet;
}

/** Nothing of it is verified. Throws ERR_PUBLISHERS_FILE where it is no set of publishers. */
export async function readPublisherSet(path: string): Promise<PublisherSetFile> {
  const file = await readInputFile(path, MAX_PUBLISHERS_LENGTH);
  if (!('bytes' in file)) throw unreadable(path, file.reason);
  try {
    const { bytes } = file;
    return { path, bytes, set: decodePublisherSet(decodeSignedPublisherSet(bytes).set) };
  } catch (cause) {
    if (!(cause instanceof BundleError || cause instanceof FormatError)) throw cause;
    throw unreadable(path, `${cause.message} [${cause.code}]`, cause);
  }
}

function unreadable(path: string, why: string, cause?: unknown): BundleError {
  return new BundleError('ERR_PUBLISHERS_FILE', `${path}: ${why}`, { cause });
}

/** What a bundle's directory has of them, number 1 first. */
export async function readPublisherSets(
  directory: string,
  names: ReadonlySet<string>,
): Promise<PublisherSetFile[]> {
  const files: PublisherSetFile[] = [];
  for (let number = 1; names.has(publishersName(number)); number++) {
    files.push(await readPublisherSet(join(directory, publishersName(number))));
  }
  return files;
}

/** Who may publish in the end, and the sets that are not there yet. */
export interface FollowedSets {
  readonly publishers: Publishers;
  /** The set in force; undefined where the gates' configuration is. */
  readonly last: PublisherSet | undefined;
  readonly added: readonly PublisherSetFile[];
}

/**
 * Follows the sets from the publishers of the gates' configuration, as a gate does. Throws ERR_PUBLISHERS_FORK where
 * a set is offered in the place of another: gates that took the first would never take what follows the second.
 */
export function followSets(
  configured: Publishers,
  eventId: Uint8Array,
  present: readonly PublisherSetFile[],
  offered: readonly PublisherSetFile[],
): FollowedSets {
  let before: { number: number; publishers: Publishers } = { number: 0, publishers: configured };
  let last: PublisherSet | undefined;
  const added = additions(present, offered);
  for (const { path, bytes } of [...present, ...added]) {
    last = following(path, bytes, before, eventId);
    before = last;
  }
  return { publishers: before.publishers, last, added };
}

function additions(
  present: readonly PublisherSetFile[],
  offered: readonly PublisherSetFile[],
): PublisherSetFile[] {
  const all = [...present];
  for (const file of [...offered].sort((a, b) => a.set.number - b.set.number)) {
    const same = all[file.set.number - 1];
    if (!same) all.push(file);
    else if (!equal(signedOctets(same), signedOctets(file))) {
      throw new BundleError(
        'ERR_PUBLISHERS_FORK',
        `${file.path}: ${same.path} is another set with number ${file.set.number}`,
        { hint: 'a set that was published stays: make the one that follows it' },
      );
    }
  }
  return all.slice(present.length);
}

const signedOctets = ({ bytes }: PublisherSetFile) => decodeSignedPublisherSet(bytes).set;

function following(
  path: string,
  bytes: Uint8Array,
  before: { readonly number: number; readonly publishers: Publishers },
  eventId: Uint8Array,
): PublisherSet {
  try {
    return verifyPublisherSet(bytes, before, eventId);
  } catch (cause) {
    if (!(cause instanceof BundleError || cause instanceof FormatError)) throw cause;
    throw new BundleError(cause.code, `${path}: gates would not take it: ${cause.message}`, {
      cause,
      hint: 'whitelist publishers show FILE says who signed it',
    });
  }
}
