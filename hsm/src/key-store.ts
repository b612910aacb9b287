import { GateError } from '@pinless-gate/protocol/errors';

/** The PKCS#11 module, its token or a key in it is not what it must be. Never holds a PIN or key material. */
export class HsmError extends GateError {}

/**
 * What a key is for, and so what it is: `institution` RSA-2048 that signs, `event` a GENERIC_SECRET of 64
 * octets for HMAC-SHA-512, `publisher`, `device` and `operator` EC P-256 that sign.
 */
export type KeyKind = 'institution' | 'event' | 'publisher' | 'device' | 'operator';

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
  generate(label: string, kind: KeyKind): Promise<KeyInfo>;
  /** Every key is there and is what its kind says, or the first one that is not rejects. */
  require(labels: Readonly<Record<string, KeyKind>>): Promise<void>;
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
} as const;

/** `eventIdHex`: 32 lower-case hex digits. */
export function eventKeyLabel(eventIdHex: string): string {
  return `event-${eventIdHex}`;
}
