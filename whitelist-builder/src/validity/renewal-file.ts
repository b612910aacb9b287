import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { fromBase64, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { FormatError, GateError } from '@pinless-gate/protocol/errors';
import { z } from 'zod';

/** A list of renewals that is not used. Its code says why. */
export class RenewalError extends GateError {}

export const RENEWALS_FORMAT = 'pinless-gate/renewals/1';
/** A line with a certificate is at most about 6 KiB; ten million are not to be renewed at once. */
export const MAX_RENEWALS_LENGTH = 256 * 1024 * 1024;
export const MAX_RENEWAL_SIGNATURE_LENGTH = 1024;
const MAX_AHEAD_S = 300;

/** One step: the certificate `old` was replaced. */
export interface RenewalStep {
  /** Hex, without leading zeros. */
  readonly old: string;
  /** Undefined where the new number is not told. */
  readonly next: string | undefined;
  /** DER. */
  readonly certificate: Uint8Array | undefined;
}

export interface RenewalList {
  /** As the feed names it. */
  readonly issuer: string;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly steps: readonly RenewalStep[];
}

const instant = z.iso.datetime({ offset: true });
const serial = z.string().regex(/^[0-9a-fA-F]{1,40}$/);

const head = z.strictObject({
  format: z.literal(RENEWALS_FORMAT),
  issuer: z.string().min(1).max(100),
  issuedAt: instant,
  goodUntil: instant,
  count: z.int().min(0),
});

const step = z.strictObject({
  old: serial,
  new: serial.nullable(),
  at: instant,
  certificate: z.string().max(8192).optional(),
});

/**
 * Reads a list whose signature (ECDSA or RSA with SHA-256, DER, over the whole file) is that of `signer`. `now`
 * in Unix seconds. Throws `RenewalError`: a list that is only half believed would let somebody in as somebody else.
 */
export function readRenewalList(
  bytes: Uint8Array,
  signature: Uint8Array,
  signer: KeyObject,
  now: number,
): RenewalList {
  if (!verify('sha256', bytes, signer, signature)) {
    throw new RenewalError('ERR_RENEWAL_SIGNATURE', 'renewals: not signed by renewals.signer');
  }
  const [first, ...rest] = Buffer.from(bytes).toString('utf8').split('\n');
  const { issuer, issuedAt, goodUntil, count } = parseLine(first!, head, 1);
  if (rest.pop() !== '' || rest.length !== count) {
    throw new RenewalError('ERR_RENEWAL_COUNT', `renewals: ${count} lines expected after the head`);
  }
  const issued = unixSeconds(issuedAt);
  if (issued > now + MAX_AHEAD_S || now > unixSeconds(goodUntil)) {
    throw new RenewalError('ERR_RENEWAL_STALE', 'renewals: not good now', {
      hint: 'fetch the list of renewals again',
    });
  }
  return { issuer, issuedAt: issued, steps: rest.map((line, i) => parseStep(line, i + 2)) };
}

const unixSeconds = (text: string) => Math.floor(Date.parse(text) / 1000);

function parseStep(line: string, number: number): RenewalStep {
  const { old, new: next, certificate } = parseLine(line, step, number);
  return {
    old: canonical(old, number),
    next: next === null ? undefined : canonical(next, number),
    certificate: certificate === undefined ? undefined : decode(certificate, number),
  };
}

function parseLine<T>(text: string, schema: z.ZodType<T>, number: number): T {
  const result = schema.safeParse(parseJson(text));
  if (result.success) return result.data;
  throw malformed(number);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The number alone, however many zeros it was written with. */
function canonical(text: string, number: number): string {
  const digits = text.toLowerCase().replace(/^0+/, '');
  if (digits === '') throw malformed(number);
  return toHex(fromHex(digits.length % 2 === 0 ? digits : `0${digits}`));
}

function decode(base64: string, number: number): Uint8Array {
  try {
    return fromBase64(base64);
  } catch (error) {
    if (error instanceof FormatError) throw malformed(number);
    throw error;
  }
}

function malformed(line: number): RenewalError {
  return new RenewalError('ERR_RENEWAL_FORMAT', `renewals: line ${line} is not of the format`);
}

/** PEM; throws `RenewalError` for anything but a public key. */
export function readRenewalSigner(pem: Uint8Array | string): KeyObject {
  try {
    return createPublicKey(typeof pem === 'string' ? pem : Buffer.from(pem));
  } catch (cause) {
    throw new RenewalError('ERR_RENEWAL_SIGNER', 'not a public key in PEM', { cause });
  }
}
