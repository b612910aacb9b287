import { equal } from '@pinless-gate/protocol/bytes';
import { type Crl, covers, verifyCrl } from '@pinless-gate/protocol/certificate/crl';
import { GateError } from '@pinless-gate/protocol/errors';
import { derOf } from '@pinless-gate/protocol/pem';
import type { Card } from '@pinless-gate/whitelist-builder/validity/issuer';
import { collectByOcsp } from '@pinless-gate/whitelist-builder/validity/ocsp-collect';
import {
  CrlRevocation,
  type RevocationAnswer,
} from '@pinless-gate/whitelist-builder/validity/revocation';
import { readSource } from '@pinless-gate/whitelist-builder/validity/source-file';
import type { IssuerConfig } from './config.ts';

/** Whether a certificate lost effect, as far as anybody proves it. */
export interface Revocation {
  /** `at` in Unix milliseconds. Where no fresh signed answer speaks of the card: `unknown`. */
  of(card: Card, at: number): Promise<RevocationAnswer>;
}

export interface RevocationOptions {
  readonly maxAgeS: number;
  /** A list that could not be had, or does not hold: by which code, and whose. */
  readonly onTrouble: (issuer: string, code: string) => void;
  /** How long somebody waits for a list that does not come. */
  readonly waitMs?: number;
}

const MAX_CRL_LENGTH = 256 * 1024 * 1024;
/** So long a list is not fetched again. */
const REFRESH_MS = 10_000;
const DEFAULT_WAIT_MS = 5000;
const OCSP_TIMEOUT_MS = 5000;

/** By the lists and the responder of each issuer; either says revoked. */
export function revocationOf(
  issuers: readonly IssuerConfig[],
  options: RevocationOptions,
): Revocation {
  const sources = new Map(issuers.map((each) => [each.issuer.name, sourceOf(each, options)]));
  return {
    of: async (card, at) => (await sources.get(card.issuer.name)?.of(card, at)) ?? UNKNOWN,
  };
}

const UNKNOWN: RevocationAnswer = { status: 'unknown' };

function sourceOf(config: IssuerConfig, options: RevocationOptions): Revocation {
  const lists = config.crls.map((where) => new FetchedList(where, config, options));
  const { responder } = config;
  return {
    of: async (card, at) => {
      const crls = await Promise.all(lists.map((list) => list.of(card, at)));
      const listed = new CrlRevocation(crls.filter((crl) => crl !== undefined)).of(card);
      if (listed.status === 'revoked' || responder === undefined) return listed;
      return byOcsp(card, responder, { maxAgeS: options.maxAgeS, at });
    },
  };
}

interface Asking {
  readonly maxAgeS: number;
  readonly at: number;
}

async function byOcsp(card: Card, url: string, { maxAgeS, at }: Asking): Promise<RevocationAnswer> {
  const cards = (async function* () {
    yield card;
  })();
  const collected = await collectByOcsp(cards, {
    asking: { url, timeoutMs: OCSP_TIMEOUT_MS, options: { maxAgeS } },
    concurrency: 1,
    maxAgeS,
    unproven: 'leave-out',
    now: () => at,
    signal: new AbortController().signal,
    progress: () => {},
  });
  return collected.of(card);
}

/** One list, from a file or an address: the last that held, as long as it is fresh. */
class FetchedList {
  readonly #where: string;
  readonly #config: IssuerConfig;
  readonly #options: RevocationOptions;
  #octets: Uint8Array = new Uint8Array(0);
  #crl: Crl | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(where: string, config: IssuerConfig, options: RevocationOptions) {
    this.#where = where;
    this.#config = config;
    this.#options = options;
  }

  /** Undefined where it says nothing of the card, or nothing that counts. */
  async of({ certificate }: Card, at: number): Promise<Crl | undefined> {
    // One of the lists of other municipalities, of which there are many.
    if (this.#crl?.point && certificate && !covers(this.#crl, certificate)) return undefined;
    if (Math.abs(at - this.#fetchedAt) >= REFRESH_MS) {
      this.#fetching ??= this.#fetch(at).finally(() => {
        this.#fetching = undefined;
      });
    }
    // Whoever comes meanwhile waits too: without a list nobody is good.
    if (this.#fetching) await atMost(this.#options.waitMs ?? DEFAULT_WAIT_MS, this.#fetching);
    return this.#crl && this.#isFresh(this.#crl, Math.floor(at / 1000)) ? this.#crl : undefined;
  }

  async #fetch(at: number): Promise<void> {
    const { issuer } = this.#config;
    this.#fetchedAt = at;
    try {
      const octets = derOf(await readSource(this.#where, MAX_CRL_LENGTH), 'X509 CRL');
      // The same list is not verified again: it may be long.
      if (equal(octets, this.#octets)) return;
      const { maxAgeS } = this.#options;
      const verdict = verifyCrl(octets, issuer.generations, at, { maxAgeS });
      if (!verdict.ok) return this.#options.onTrouble(issuer.name, verdict.reason);
      this.#crl = verdict.crl;
      this.#octets = octets;
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      this.#options.onTrouble(issuer.name, error.code);
    }
  }

  #isFresh({ thisUpdate, nextUpdate = 0 }: Crl, now: number): boolean {
    return now >= thisUpdate && now <= nextUpdate && now - thisUpdate <= this.#options.maxAgeS;
  }
}

/** Resolves with the work, or without it when the time is over. */
function atMost(ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
