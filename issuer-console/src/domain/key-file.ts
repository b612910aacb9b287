import type { ReceivedDestruction } from '@pinless-gate/protocol/key-destruction';
import type { CeremonyLog } from './ceremony.ts';
import type { PutEnvelope } from './keys.ts';

/** What comes from the machine with the module, or from a gate without a network. None of it is secret. */
export const FILE_KINDS = ['request', 'certificates', 'log', 'envelopes', 'destruction'] as const;

export type FileKind = (typeof FILE_KINDS)[number];

export interface GivenFile {
  readonly name: string;
  readonly octets: Uint8Array;
}

export type CvcLayout = 'jpki' | 'tr03110';

/** Public key and proof of possession, verified. Hashes are hex. */
export interface KeyRequest {
  /** SHA-256 of the file: what is read to J-LIS by telephone. */
  readonly id: string;
  readonly layout: CvcLayout;
  /** SHA-256 of SubjectPublicKeyInfo. */
  readonly keyHash: string;
  /** Of TR-03110 alone: J-LIS assigns the code of the other layout. */
  readonly holder: string | undefined;
  readonly raw: Uint8Array;
}

/** CV certificates, each signed by the one before; who signed the first is for the module's machine to check. */
export interface CertifiedKey {
  readonly id: string;
  readonly layout: CvcLayout;
  readonly keyHash: string;
  /** Institution code, or holder reference. */
  readonly holder: string;
  /** The reference of whoever signed the first. */
  readonly issuer: string;
  /** End of the last day on which all are good, Unix milliseconds; the layout of JPKI has no dates. */
  readonly expiresAt: number | undefined;
  /** One after the other, in the order in which a card is given them. */
  readonly raw: Uint8Array;
}

export interface Named<T> {
  readonly name: string;
  readonly content: T;
}

export interface DestructionRecord {
  readonly received: ReceivedDestruction;
  readonly raw: Uint8Array;
}

/** Files of one kind, each read and found to be what it says. */
export type ReadFiles =
  | { readonly kind: 'request'; readonly requests: readonly KeyRequest[] }
  | { readonly kind: 'certificates'; readonly chain: CertifiedKey }
  | { readonly kind: 'log'; readonly log: CeremonyLog }
  | { readonly kind: 'envelopes'; readonly envelopes: readonly Named<PutEnvelope>[] }
  | { readonly kind: 'destruction'; readonly records: readonly Named<DestructionRecord>[] };

export type KeptRequest = KeyRequest & { readonly receivedAt: number };
export type KeptChain = CertifiedKey & { readonly receivedAt: number };
export interface KeptLog {
  readonly id: string;
  readonly raw: Uint8Array;
  readonly receivedAt: number;
}

export const MAX_FILES = 256;
/** A log of some hundred steps. */
export const MAX_FILE_LENGTH = 4 * 1024 * 1024;
