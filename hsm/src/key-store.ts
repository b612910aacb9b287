import { GateError } from '@pinless-gate/protocol/errors';
import type { TransportMechanism } from '@pinless-gate/protocol/transport-mechanism';

/** The PKCS#11 module, its token or a key in it is not what it must be. Never holds a PIN or key material. */
export class HsmError extends GateError {}

/**
 * What a key is for, and so what it is: `institution` RSA-2048 that signs, `event` a GENERIC_SECRET of 64
 * octets for HMAC-SHA-512, `publisher`, `device` and `operator` EC P-256 that sign, `transport` RSA that unwraps and
 * nothing else.
 */
export type KeyKind = 'institution' | 'event' | 'publisher' | 'device' | 'operator' | 'transport';

/** The kinds that may be moved from the issuer's module to a gate's. */
export type MovableKind = 'event' | 'institution';

export interface KeyInfo {
  readonly label: string;
  /** Told by the label; absent for a label of somebody's own. */
  readonly kind?: KeyKind | undefined;
  /** CKA_ID, hex digits. */
  readonly id: string;
  readonly type: 'rsa' | 'ec' | 'secret' | 'other';
  /** Size of the modulus, the curve or the secret; 0 where the token does not say. */
  readonly bits: number;
  readonly sensitive: boolean;
  readonly extractable: boolean;
  /** Leaves the token only under a key that the security officer marked as trusted. */
  readonly wrapWithTrusted: boolean;
  readonly alwaysSensitive: boolean;
  readonly neverExtractable: boolean;
  /** Generated in the token. */
  readonly local: boolean;
  /** The CKA usage flags that are set: `sign`, `decrypt`, … */
  readonly usage: readonly string[];
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

export interface TokenStatus {
  readonly module: {
    readonly path: string;
    readonly description: string;
    readonly version: string;
  };
  readonly token: {
    readonly label: string;
    readonly serial: string;
    readonly manufacturer: string;
    readonly model: string;
    /** A wrong PIN was given since the last right one, before this program logged in. */
    readonly pinCountLow: boolean;
    readonly writeProtected: boolean;
  };
  readonly keys: readonly KeyInfo[];
  /** Empty when every key of ours is as it must be and really computes. */
  readonly problems: readonly Problem[];
  /** Promises that this module does not let us keep, a line each: nothing that keeps a program from starting. */
  readonly weaker: readonly string[];
}

/** What one need of ours was found to come to. Every mechanism is really tried: a list of names proves nothing. */
export interface Capability {
  /** What it is for, in words. */
  readonly need: string;
  /** PKCS#11 name, or the name of a transport mechanism. */
  readonly mechanism: string;
  /** Whether the module's own list has it; absent where there is no such list. */
  readonly listed?: boolean;
  /** `unknown` where it could not be tried. */
  readonly outcome: 'works' | 'missing' | 'unknown';
  /** What the module said. */
  readonly why?: string;
  /** What follows where it is missing; absent otherwise. */
  readonly without?: string;
}

export interface Capabilities {
  readonly checks: readonly Capability[];
  /** How this module can send and take keys, strongest first. */
  readonly wraps: readonly TransportMechanism[];
  readonly unwraps: readonly TransportMechanism[];
  /** The module keeps a key marked CKA_WRAP_WITH_TRUSTED from leaving under any but a trusted key. */
  readonly enforcesTrust: boolean;
}

/** A key that crosses: wrapped under an AES key that is wrapped for the gate, or under the gate's key itself. */
export interface WrappedKey {
  readonly mechanism: TransportMechanism;
  /** Empty where the mechanism is `direct`. */
  readonly wrappedKek: Uint8Array;
  readonly wrappedKey: Uint8Array;
}

export interface WrapTarget {
  /** SubjectPublicKeyInfo of the gate's transport key. */
  readonly transportKey: Uint8Array;
  /** What the gate's module can unwrap. */
  readonly mechanisms: readonly TransportMechanism[];
}

export interface UnwrapRequest {
  /** Label of this gate's transport key. */
  readonly transport: string;
  readonly kind: MovableKind;
  /** What the key is to be called. */
  readonly label: string;
  /** What the key must turn out to be, 16 octets, as `KeyEnvelope.keyId`. */
  readonly keyId: Uint8Array;
  /** Of an event key. */
  readonly eventId?: Uint8Array | undefined;
  readonly wrapped: WrappedKey;
}

export interface GenerateOptions {
  /** May leave the token wrapped, under trusted keys alone where the module enforces that. Only `event` and `institution`. */
  readonly transportable?: boolean;
}

export interface RequireOptions {
  /** At an issuer a key that is to be moved may be extractable; at a gate never. */
  readonly transportable?: boolean;
}

export interface SelftestCheck {
  readonly name: string;
  readonly label?: string;
  /** `not-done`: this module does not allow the check; `why` tells the reason. */
  readonly outcome: 'passed' | 'failed' | 'not-done';
  readonly why?: string;
}

export interface SelftestReport {
  /** No check failed, and at least one passed. */
  readonly passed: boolean;
  readonly checks: readonly SelftestCheck[];
}

/**
 * Keys that never leave their module. Every operation rejects with an `HsmError` (or with ERR_ISOLATED_… where
 * the module's process hung or died), and the next call finds the module again if it is there again.
 * After ERR_HSM_PIN nothing is tried again: a second wrong PIN could lock the token.
 */
export interface KeyStore {
  keys(): Promise<KeyInfo[]>;
  /** SubjectPublicKeyInfo, DER. */
  publicKey(label: string): Promise<Uint8Array>;
  /** RSA: RSASSA-PKCS1-v1_5 with SHA-256. EC P-256: ECDSA with SHA-256, plain r‖s. */
  sign(label: string, message: Uint8Array): Promise<Uint8Array>;
  /** HMAC-SHA-512, 64 octets. */
  mac(label: string, data: Uint8Array): Promise<Uint8Array>;
  /** As `mac` for many: a batch crosses at once. Results are views on one buffer. */
  macAll(label: string, data: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** Sensitive, not extractable, persistent; an existing label is ERR_HSM_KEY_EXISTS. */
  generate(label: string, kind: KeyKind, options?: GenerateOptions): Promise<KeyInfo>;
  /** Every key is there and is what its kind says, or the first one that is not rejects. */
  require(labels: Readonly<Record<string, KeyKind>>, options?: RequireOptions): Promise<void>;
  /**
   * Wraps a key for each target with the strongest mechanism that both modules have, under a fresh AES key each.
   * A key that wants trusted wrapping keys needs the file with the security officer's PIN, which is tried once.
   */
  wrap(
    label: string,
    targets: readonly WrapTarget[],
    soPinFile?: string | undefined,
  ): Promise<WrappedKey[]>;
  /** Persistent, sensitive, not extractable. A key other than `keyId` says is ERR_HSM_KEY_CHECK and leaves nothing. */
  unwrap(request: UnwrapRequest): Promise<KeyInfo>;
  /** The key and its public part. Resolves when the token has it no more and the handle it had computes nothing. */
  destroy(label: string): Promise<void>;
  /** Tries everything that we need, with keys made for the moment. Takes seconds. */
  capabilities(): Promise<Capabilities>;
  selftest(): Promise<SelftestReport>;
  status(): Promise<TokenStatus>;
  close(): Promise<void>;
}

export const MAC_LENGTH = 64;

/** Labels where the configuration names none. */
export const DEFAULT_LABELS = {
  institution: 'institution',
  publisher: 'publisher',
  device: 'device',
  transport: 'transport',
} as const;

/** `eventIdHex`: 32 lower-case hex digits. Generations after the first are counted in the label. */
export function eventKeyLabel(eventIdHex: string, generation = 1): string {
  return `event-${eventIdHex}${generation === 1 ? '' : `-${generation}`}`;
}
