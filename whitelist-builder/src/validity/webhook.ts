import { setTimeout } from 'node:timers/promises';
import { GateError } from '@pinless-gate/protocol/errors';

/** A notice that was not delivered: it will be, by the next run. */
export class WebhookError extends GateError {}

export interface Notice {
  /** JSON, the very octets that were signed. */
  readonly body: Uint8Array;
  /** ECDSA P-256 with SHA-256 over the body, DER. */
  readonly signature: Uint8Array;
}

export interface Delivery {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** Between one try and the next; so many tries follow the first. */
  readonly pausesMs?: readonly number[];
}

export const SIGNATURE_HEADER = 'pinless-gate-signature';
const PAUSES_MS = [1000, 2000, 4000, 8000];
const TIMEOUT_MS = 10_000;

/** https, or http on this machine: a notice names purchases. */
export function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Tries until it is taken with 2xx, or the tries are used up. A notice may arrive twice, never not at all. */
export async function deliver(url: string, notice: Notice, delivery: Delivery): Promise<void> {
  const { signal, pausesMs = PAUSES_MS } = delivery;
  for (const pauseMs of [...pausesMs, undefined]) {
    const problem = await attempt(url, notice, delivery);
    if (problem === undefined) return;
    if (signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
    if (pauseMs === undefined) {
      throw new WebhookError('ERR_WEBHOOK', `the notice was not taken: ${problem}`, {
        hint: 'nothing is lost: the same changes are told by the next run',
      });
    }
    await setTimeout(pauseMs, undefined, { signal }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
  }
}

/** What went wrong; undefined where it was taken. */
async function attempt(
  url: string,
  { body, signature }: Notice,
  { signal, timeoutMs = TIMEOUT_MS }: Delivery,
): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [SIGNATURE_HEADER]: Buffer.from(signature).toString('base64'),
      },
      body: Buffer.from(body),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `HTTP ${response.status}`;
  } catch (error) {
    if (error instanceof Error) return error.name === 'TimeoutError' ? 'no answer' : 'not reached';
    throw error;
  }
}
