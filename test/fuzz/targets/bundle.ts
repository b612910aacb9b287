import {
  decodeBucket,
  decodeManifest,
  decodeSignatures,
  encodeBucket,
  encodeManifest,
  encodeSignatures,
  formatLatest,
  parseLatest,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { type FuzzTarget, hold } from '../target.ts';

export const BUNDLE_KINDS = ['manifest', 'signatures', 'bucket', 'latest'] as const;
/** Of the buckets among the seeds: the first of two. */
const BUCKET_BITS = 1;

/** The first octet says which file of a bundle the others are. */
export const bundle: FuzzTarget = {
  name: 'bundle',
  open: () => (input) => {
    const octets = input.subarray(1);
    const kind = BUNDLE_KINDS[(input[0] ?? 0) % BUNDLE_KINDS.length]!;
    hold(equal(again(kind, octets), octets), `${kind} changed`);
    return true;
  },
};

function again(kind: (typeof BUNDLE_KINDS)[number], octets: Uint8Array): Uint8Array {
  switch (kind) {
    case 'manifest':
      return encodeManifest(decodeManifest(octets));
    case 'signatures':
      return encodeSignatures(decodeSignatures(octets));
    case 'bucket':
      return encodeBucket(decodeBucket(octets, 0, BUCKET_BITS));
    case 'latest':
      return formatLatest(parseLatest(octets));
  }
}
