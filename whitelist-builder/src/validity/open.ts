import { readFile } from 'node:fs/promises';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { concat, domain, equal } from '@pinless-gate/protocol/bytes';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import { derOf } from '@pinless-gate/protocol/pem';
import type { EventPlan } from '../event-file.ts';
import { rulesOf } from '../event-rules.ts';
import type { ListingRules } from '../purchase/listing.ts';
import { AnswerStore } from './answer-store.ts';
import { type FeedHolder, feedHolders } from './feed-holders.ts';
import type { Issuer } from './issuer.ts';
import type { Requestor } from './ocsp.ts';
import { type AskedCard, collectByOcsp, type OcspRevocation } from './ocsp-collect.ts';
import type { ValidityPlan } from './plan.ts';
import { provenOnly, ValidityError } from './proven-only.ts';
import { Renewals, withRenewals } from './renewal.ts';
import {
  MAX_RENEWAL_SIGNATURE_LENGTH,
  MAX_RENEWALS_LENGTH,
  RenewalError,
  readRenewalList,
  readRenewalSigner,
} from './renewal-file.ts';
import { type CrlRevocation, type Revocation, readRevocation } from './revocation.ts';
import { readSource } from './source-file.ts';

export interface ValidityInput {
  readonly event: EventPlan;
  readonly feed: string;
  /** Paths of lists. */
  readonly crls: readonly string[];
  /** Path or address of the list of renewals; its signature is beside it, with `.sig`. */
  readonly renewals?: string | undefined;
  /** Signs requests where event.toml wants that, and names what is kept. */
  readonly keys?: KeyStore | undefined;
  /** Path where good answers of OCSP are kept; with `keys` only. */
  readonly answers?: string | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly progress: (asked: number) => void;
}

/** What is known of the cards of a feed. */
export interface Validity {
  /** With renewals, where there are any: what resolves cards finds the new ones. */
  readonly issuers: readonly Issuer[];
  /** Undefined where nothing was asked of anybody. */
  readonly revocation: Revocation | undefined;
  /** The same, where what is not proven stays `unknown`. */
  readonly source: Revocation | undefined;
}

/** Reads lists and renewals, and asks responders about every card of the feed: before anything is built. */
export async function openValidity(input: ValidityInput): Promise<Validity> {
  const { event, crls, now } = input;
  const seconds = Math.floor(now() / 1000);
  const plan = event.validity;
  if (plan?.source === 'crl' && crls.length === 0) {
    throw new ValidityError('ERR_VALIDITY_SOURCE', 'event.toml wants a CRL, and none is given', {
      hint: 'give --crl FILE, or set validity.source',
    });
  }
  const issuers = await withRenewalList(input, seconds);
  const maxAgeS = plan && plan.max_age_hours * 3600;
  const lists = crls.length > 0 ? await readRevocation(crls, issuers, seconds, maxAgeS) : undefined;
  const ocsp =
    plan?.source === 'ocsp'
      ? await askForFeed(input, plan, rulesOf({ ...event, issuers }, seconds), lists)
      : undefined;
  const source = withRenewals(ocsp && lists ? both(ocsp, lists) : (ocsp ?? lists), issuers);
  const revocation = plan && source ? provenOnly(source) : source;
  return { issuers, revocation, source };
}

/** Good by OCSP, unless a list that is given besides says otherwise. */
function both(ocsp: Revocation, lists: Revocation): Revocation {
  return {
    of: (card) => {
      const answer = ocsp.of(card);
      if (answer.status === 'revoked' || lists.of(card).status !== 'revoked') return answer;
      return { status: 'revoked' };
    },
  };
}

async function withRenewalList(
  { event, renewals }: ValidityInput,
  now: number,
): Promise<readonly Issuer[]> {
  if (renewals === undefined) return event.issuers;
  if (event.renewalSigner === undefined) {
    throw new RenewalError('ERR_RENEWAL_SIGNER', 'event.toml names no renewals.signer', {
      hint: 'add [renewals] signer = "FILE", the public key of who signs lists of renewals',
    });
  }
  const signer = readRenewalSigner(await readFile(event.renewalSigner));
  const bytes = await readSource(renewals, MAX_RENEWALS_LENGTH);
  const signature = await readSource(`${renewals}.sig`, MAX_RENEWAL_SIGNATURE_LENGTH);
  const list = readRenewalList(bytes, signature, signer, now);
  if (!event.issuers.some(({ name }) => name === list.issuer)) {
    throw new RenewalError('ERR_RENEWAL_ISSUER', 'renewals: of no issuer of event.toml');
  }
  const links = new Renewals(list);
  return event.issuers.map((issuer) =>
    issuer.name === list.issuer ? { ...issuer, renewals: links } : issuer,
  );
}

async function askForFeed(
  input: ValidityInput,
  plan: ValidityPlan,
  rules: ListingRules,
  lists: CrlRevocation | undefined,
): Promise<OcspRevocation> {
  const { event, keys, answers, signal, progress } = input;
  const maxAgeS = plan.max_age_hours * 3600;
  const options = { maxAgeS, withoutNonceS: plan.without_nonce_seconds, crls: lists?.crls ?? [] };
  const timeoutMs = plan.timeout_seconds * 1000;
  const converter = keys && new Converter(keys, event.keys.event);
  const store = keys && answers ? await openStore(answers, keys, event, rules.now) : undefined;
  const requestor = await requestorOf(plan, keys);
  try {
    return await collectByOcsp(cardsOf(feedHolders(input.feed, rules)), {
      asking: { url: plan.responder!, hash: plan.hash, timeoutMs, options, requestor },
      concurrency: plan.concurrency,
      maxAgeS,
      unproven: plan.unproven,
      store,
      convert:
        converter &&
        (async ({ issuerName, serial }) =>
          (await converter.convert(issuerName, serial)).conversionValue),
      now: input.now,
      signal,
      progress,
    });
  } finally {
    await store?.close();
  }
}

/** Who signs requests: a key in the HSM, whose certificate the responder knows. */
async function requestorOf(
  { requestor }: ValidityPlan,
  keys: KeyStore | undefined,
): Promise<Requestor | undefined> {
  if (!requestor || !keys) return undefined;
  const { key: label, certificate: path } = requestor;
  const certificate = derOf(await readFile(path), 'CERTIFICATE');
  const { spki } = parseCertificate(certificate);
  if (!equal(spki, await keys.publicKey(label))) {
    throw new ValidityError('ERR_VALIDITY_REQUESTOR', `${path}: not the certificate of "${label}"`);
  }
  return { keys, label, certificate };
}

async function* cardsOf(holders: AsyncIterable<FeedHolder>): AsyncGenerator<AskedCard> {
  for await (const { card } of holders) if (card) yield card;
}

const STORE = domain('pinless-gate/validity-answers/1');

/** The tags' key comes from the event key, so another event's answers are none. */
async function openStore(
  path: string,
  keys: KeyStore,
  { keys: labels, eventId }: EventPlan,
  now: number,
): Promise<AnswerStore> {
  const key = await keys.mac(labels.event, concat(STORE, eventId));
  return AnswerStore.open(path, key, now);
}
