import { type KeyObject, verify } from 'node:crypto';
import { fromBase64, toHex } from '@pinless-gate/protocol/bytes';
import { readOr } from '@pinless-gate/protocol/errors';
import { z } from 'zod';
import { RefusedError } from '../domain/refusal.ts';
import type { SerialLink } from '../domain/serial-link.ts';

export interface SerialLinkOptions {
  readonly url: string;
  /** ECDSA or RSA, with SHA-256. */
  readonly signer: KeyObject;
  readonly timeoutMs?: number;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

export const LINK_REQUEST_FORMAT = 'pinless-gate/serial-link-request/1';
export const LINK_ANSWER_FORMAT = 'pinless-gate/serial-link/1';
export const LINK_SIGNATURE_HEADER = 'pinless-gate-signature';
const NONCE_LENGTH = 32;
const MAX_ANSWER_LENGTH = 16 * 1024;
const DEFAULT_TIMEOUT_MS = 5000;
/** Clocks of two machines. */
const MAX_APART_MS = 300_000;
const WAIT_S = 30;

const answerSchema = z.strictObject({
  format: z.literal(LINK_ANSWER_FORMAT),
  nonce: z.string(),
  asked: z.strictObject({ serial: z.string(), issuer: z.string() }),
  issuedAt: z.iso.datetime({ offset: true }),
  linked: z
    .strictObject({
      serial: z.string().regex(/^(?!00)(?:[0-9a-f]{2}){1,20}$/),
      issuer: z.string().min(1).max(32),
      certificate: z.base64().max(8192).optional(),
    })
    .nullable(),
});

/**
 * Asks J-LIS by HTTP. Whoever answers for J-LIS could let somebody in with another person's ticket: an answer counts
 * if it is signed, about what was asked, with this question's nonce, and of now.
 */
export function httpSerialLink(options: SerialLinkOptions): SerialLink {
  return {
    link: async (asked) => {
      const nonce = toHex(options.random(NONCE_LENGTH));
      const { body, signature } = await post(options, { ...asked, nonce });
      const answer = provenAnswer(body, signature, options.signer);
      const isOurs =
        answer?.nonce === nonce &&
        answer.asked.serial === asked.serial &&
        answer.asked.issuer === asked.issuer &&
        Math.abs(Date.parse(answer.issuedAt) - options.now()) <= MAX_APART_MS;
      if (!isOurs) throw unreachable('what it answers does not hold');
      if (!answer.linked) return undefined;
      const { certificate, ...linked } = answer.linked;
      return { ...linked, ...(certificate && { certificate: decode(certificate) }) };
    },
  };
}

function provenAnswer(body: Uint8Array, signature: string | null, signer: KeyObject) {
  if (!verify('sha256', body, signer, decode(signature ?? ''))) {
    throw unreachable('its answer is not signed by it');
  }
  return answerSchema.safeParse(parseJson(body)).data;
}

function decode(base64: string): Uint8Array {
  return readOr(
    () => fromBase64(base64),
    () => {
      throw unreachable('its answer is not base64');
    },
  );
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** In the body: a serial number is in no address. */
async function post({ url, timeoutMs = DEFAULT_TIMEOUT_MS }: SerialLinkOptions, asked: object) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ format: LINK_REQUEST_FORMAT, ...asked }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw unreachable(`it answers HTTP ${response.status}`);
    }
    const signature = response.headers.get(LINK_SIGNATURE_HEADER);
    return { body: await readUpTo(response, MAX_ANSWER_LENGTH), signature };
  } catch (cause) {
    // What fetch throws may hold what was asked: it ends here.
    if (cause instanceof RefusedError || !(cause instanceof Error)) throw cause;
    throw unreachable('it is not reached');
  }
}

async function readUpTo(response: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > most) throw unreachable('it answers with too much');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const unreachable = (why: string) =>
  new RefusedError(
    'wait',
    'ERR_STATEMENT_LINK_UNREACHABLE',
    `J-LIS cannot be asked now: ${why}`,
    WAIT_S,
  );
