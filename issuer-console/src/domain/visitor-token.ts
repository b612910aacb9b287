import { createHash, timingSafeEqual } from 'node:crypto';
import { decodeBase32, encodeBase32 } from '@pinless-gate/protocol/base32';
import type { Origin } from './audit.ts';

/** What somebody without an account may do with a code: one thing, about one subject. */
export const STATED_PURPOSES = ['purchase', 'companion', 'transfer', 'check'] as const;
/** A card is presented with such a code. */
export type StatedPurpose = (typeof STATED_PURPOSES)[number];
/** `party`: hands the tickets of one purchase over, and presents no card. */
export type VisitorPurpose = StatedPurpose | 'party';

/** What is kept of a code. Unix milliseconds. */
export interface VisitorToken {
  readonly hash: Uint8Array;
  readonly purpose: VisitorPurpose;
  readonly eventId: string;
  readonly vendorId: string;
  /** Of what: an application, a purchase, an invitation. 1 to 64 printable ASCII characters. */
  readonly subject: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** How often it can still do what it is for; looking is not counted. */
  readonly usesLeft: number;
  readonly withdrawnAt?: number | undefined;
  /** What a card was asked to state last. */
  readonly asked?: AskedOctets | undefined;
  /** What became of the last statement: a word of ours. */
  readonly answer?: { readonly word: string; readonly at: number } | undefined;
}

export interface AskedOctets {
  readonly request: Uint8Array;
  readonly expiresAt: number;
}

export type NewVisitorToken = Omit<VisitorToken, 'withdrawnAt' | 'asked' | 'answer'>;

export interface VisitorTokenStore {
  add(token: NewVisitorToken): Promise<void>;
  /** The same, where somebody with an account gives it. */
  give(token: NewVisitorToken, origin: Origin): Promise<void>;
  find(hash: Uint8Array): Promise<VisitorToken | undefined>;
  ask(hash: Uint8Array, asked: AskedOctets): Promise<void>;
  answer(hash: Uint8Array, word: string, at: number): Promise<void>;
}

/** 120 bits: nobody tries them, not at a copy of the database either. */
export const VISITOR_SECRET_LENGTH = 15;
const GROUP = 4;

/** Six groups of four, to be read and typed. */
export function formatVisitorCode(secret: Uint8Array): string {
  if (secret.length !== VISITOR_SECRET_LENGTH) {
    throw new RangeError(`a code has ${VISITOR_SECRET_LENGTH} octets`);
  }
  return encodeBase32(secret)
    .match(new RegExp(`.{${GROUP}}`, 'g'))!
    .join('-');
}

/**
 * As it was typed: case, dashes, white space and wide letters do not count, and letters that look like a digit are
 * that digit. Undefined for what is no code.
 */
export function parseVisitorCode(text: string): Uint8Array | undefined {
  if (text.length > 100) return undefined;
  const digits = text
    .normalize('NFKC')
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .toUpperCase()
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  const secret = decodeBase32(digits);
  return secret?.length === VISITOR_SECRET_LENGTH ? secret : undefined;
}

/** What is kept. Random bits need no slow hash. */
export function hashVisitorSecret(secret: Uint8Array): Uint8Array {
  return digest('visitor-token', secret);
}

/**
 * Another code that follows from this one, for another purpose: whoever has the one can be shown the other again,
 * and neither is kept.
 */
export function derivedSecret(secret: Uint8Array, purpose: VisitorPurpose): Uint8Array {
  return digest(`visitor-token:${purpose}`, secret).slice(0, VISITOR_SECRET_LENGTH);
}

function digest(what: string, secret: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`${what}\0`).update(secret).digest());
}

/** Whether a code of this hash still opens something. */
export function isGoodToken(
  token: VisitorToken | undefined,
  hash: Uint8Array,
  now: number,
): token is VisitorToken {
  if (!token) return false;
  return (
    timingSafeEqual(token.hash, hash) && token.withdrawnAt === undefined && now < token.expiresAt
  );
}
