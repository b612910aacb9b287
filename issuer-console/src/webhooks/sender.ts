import { lookup as lookUp } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { type ClientRequest, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import type { WebhookRequest, WebhookSender } from '../domain/webhook-desk.ts';
import { type Attempt, type AttemptFailure, signedHeaders } from '../domain/webhook-message.ts';
import { Destinations, hostOf } from './destinations.ts';

export interface SenderOptions {
  readonly allow: readonly string[];
  /** PEM: believed besides the authorities that Node brings. */
  readonly ca?: string | undefined;
  readonly version: string;
  readonly now: () => number;
  readonly deadlineMs?: number;
  readonly resolve?: Resolve;
}

/** Addresses of a name. Rejects where there is none. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

const DEADLINE_MS = 10_000;

/** HTTPS to public addresses, and to what is allowed besides. No redirect is followed, no answer read. */
export function webhookSender(options: SenderOptions): WebhookSender {
  const { now, deadlineMs = DEADLINE_MS } = options;
  const destinations = new Destinations(options.allow);
  const resolve = options.resolve ?? resolverOf(destinations);
  const ca = options.ca === undefined ? undefined : [...rootCertificates, options.ca];
  return {
    refusal: (url) => destinations.refusal(url),
    send: async (asked) => {
      const at = now();
      const began = performance.now();
      const stop = new AbortController();
      const abort = () => stop.abort();
      let late = false;
      const deadline = setTimeout(() => {
        late = true;
        abort();
      }, deadlineMs);
      asked.signal.addEventListener('abort', abort);
      try {
        const { signal } = stop;
        if (asked.signal.aborted) abort();
        const posting = { ...options, destinations, resolve, ca, at, signal };
        const { status, failure } = await post(asked, posting);
        const durationMs = performance.now() - began;
        // Whatever it was doing when time was up.
        return { at, durationMs, status, failure: failure && late ? 'timeout' : failure };
      } finally {
        clearTimeout(deadline);
        asked.signal.removeEventListener('abort', abort);
      }
    },
  };
}

type Outcome = Pick<Attempt, 'status' | 'failure'>;

interface Posting {
  readonly destinations: Destinations;
  readonly resolve: Resolve;
  readonly ca: string[] | undefined;
  readonly version: string;
  readonly at: number;
  readonly signal: AbortSignal;
}

async function post(
  { url: text, message, secrets }: WebhookRequest,
  { destinations, resolve, ca, version, at, signal }: Posting,
): Promise<Outcome> {
  const failed = (failure: AttemptFailure) => ({ status: undefined, failure });
  if (destinations.refusal(text) !== undefined) return failed('address');
  const url = new URL(text);
  const addresses = await addressesOf(url, resolve, signal);
  if (addresses.length === 0) return failed('name');
  // One that must not be asked among them, and none is: which one would answer is chance.
  const permitted = addresses.every((one) => destinations.permits(one));
  if (!permitted && !destinations.knows(hostOf(url))) return failed('address');
  const body = Buffer.from(message.body);
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'user-agent': `pinless-gate/${version}`,
    ...signedHeaders(message, secrets, at),
  };
  const options = { method: 'POST', agent: false, headers, signal, lookup: pinned(addresses) };
  return answerTo(
    url.protocol === 'https:'
      ? secureRequest(url, { ...options, ...(ca && { ca }) })
      : plainRequest(url, options),
    body,
  );
}

function answerTo(sent: ClientRequest, body: Uint8Array): Promise<Outcome> {
  let failure: AttemptFailure = 'connection';
  return new Promise((resolve) => {
    sent.once('socket', (socket) => {
      socket.once('connect', () => {
        failure = 'encrypted' in socket ? 'tls' : 'protocol';
      });
      socket.once('secureConnect', () => {
        failure = 'protocol';
      });
    });
    sent.once('response', (response) => {
      resolve({ status: response.statusCode, failure: undefined });
      // What it has to say is not for us, and may be without end.
      response.once('error', () => {});
      response.destroy();
    });
    sent.on('error', () => resolve({ status: undefined, failure }));
    sent.end(body);
  });
}

/** The addresses that were checked, and no other: a name that leads elsewhere meanwhile leads nowhere. */
function pinned(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_, { all: wantsAll }, answer) => {
    if (wantsAll) answer(null, all);
    else answer(null, all[0]!.address, all[0]!.family);
  };
}

async function addressesOf(url: URL, resolve: Resolve, signal: AbortSignal) {
  const host = hostOf(url);
  if (isIP(host) !== 0) return [host];
  try {
    return await Promise.race([resolve(host, signal), abortOf(signal)]);
  } catch {
    // A name server that has nothing, or says nothing, gives each kind of error there is.
    return [];
  }
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/**
 * Names of strangers are asked of DNS itself: the system's own way takes one of four threads that files need
 * too, for as long as a stranger's name server likes. Names that are allowed may stand in /etc/hosts.
 */
function resolverOf(destinations: Destinations): Resolve {
  return async (host, signal) => {
    if (destinations.knows(host)) return systemAddresses(host);
    const resolver = new Resolver({ timeout: 2000, tries: 2 });
    signal.addEventListener('abort', () => resolver.cancel(), { once: true });
    const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  };
}

function systemAddresses(host: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    lookUp(host, { all: true }, (error, found) => {
      if (error) reject(error);
      else resolve(found.map(({ address }) => address));
    });
  });
}
