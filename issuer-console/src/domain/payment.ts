import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Asker } from './asker.ts';
import type { Origin } from './audit.ts';
import type { Seal } from './credential.ts';
import { noSeal } from './event.ts';
import type { Scope } from './permission.ts';
import { RefusedError } from './refusal.ts';
import { requireVendor, type VendorStore } from './vendor.ts';

/**
 * What became of a payment that somebody told us of. All but `paid` need a person: the money is there, and what it
 * was for is not, or not any more.
 */
export const PAYMENT_OUTCOMES = ['paid', 'wrong-amount', 'late', 'double', 'unknown-slip'] as const;
export type PaymentOutcome = (typeof PAYMENT_OUTCOMES)[number];

/** How a person settles what a program cannot. `given`: the tickets were given for it. */
export const SETTLEMENTS = ['given', 'refunded', 'other'] as const;
export type Settlement = (typeof SETTLEMENTS)[number];

/** How somebody paid where no program tells of it. */
export const CASH_WAYS = ['cash', 'transfer', 'free', 'other'] as const;
export type CashWay = (typeof CASH_WAYS)[number];

export interface Payment {
  /** By whoever took the money: 1 to 64 printable ASCII characters. */
  readonly paymentId: string;
  readonly slip: string;
  readonly amountYen: number;
  /** Unix milliseconds. */
  readonly paidAt: number;
}

export interface KeptPayment extends Payment {
  readonly id: string;
  readonly vendorId: string;
  readonly outcome: PaymentOutcome;
  readonly applicationId: string | undefined;
  readonly receivedAt: number;
  readonly settled: { readonly how: Settlement; readonly at: number } | undefined;
}

/** Whoever holds the secret tells of payments of this vendor. */
export interface PaymentSecret {
  /** `pgs_` and eight digits. */
  readonly id: string;
  readonly vendorId: string;
  readonly createdAt: number;
  /** Set with the next one: until then both are good. */
  readonly expiresAt: number | undefined;
}

export interface SealedSecret extends PaymentSecret {
  readonly sealed: Uint8Array;
}

export interface PaymentStore {
  /** Those that are good. */
  secrets(scope: Scope, now: number): Promise<PaymentSecret[]>;
  secret(id: string, now: number): Promise<SealedSecret | undefined>;
  /** Those before end at `until`; of more than one the older end at once. */
  addSecret(secret: SealedSecret, until: number, origin: Origin): Promise<void>;
  revokeSecret(scope: Scope, id: string, origin: Origin): Promise<boolean>;
  find(vendorId: string, paymentId: string): Promise<KeptPayment | undefined>;
  /** Keeps what needs a person, or what was done elsewhere. False where one of this id is there. */
  keep(payment: KeptPayment, origin: Origin): Promise<boolean>;
  list(
    scope: Scope,
    of: { readonly open: boolean; readonly limit: number },
  ): Promise<KeptPayment[]>;
  settle(scope: Scope, id: string, how: Settlement, origin: Origin): Promise<boolean>;
}

const SECRET_LENGTH = 32;
/** How long the secret before stays good. */
export const OVERLAP_MS = 7 * 86_400_000;
/** Clocks of two companies, and a queue between them. */
export const SIGNED_WITHIN_MS = 5 * 60_000;
export const SIGNATURE_HEADER = 'pinless-gate-signature';
const SIGNATURE = /^k=(pgs_[0-9a-f]{8}),t=(\d{10}),v1=([0-9a-f]{64})$/;

export interface PaymentSecretsDeps {
  readonly payments: PaymentStore;
  readonly vendors: VendorStore;
  readonly seal: Seal | undefined;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

export interface GivenSecret {
  readonly id: string;
  /** 64 hex digits: shown once. */
  readonly secret: string;
}

export interface PaymentSecrets {
  /** The next one; the one before is good for a week more. */
  give(asker: Asker, vendorId: string): Promise<GivenSecret>;
  revoke(asker: Asker, id: string): Promise<void>;
  /** The vendor whose payment it is. Throws the same for whatever is wrong with the signature. */
  vendorOf(header: string | undefined, body: string): Promise<string>;
}

export function paymentSecrets(deps: PaymentSecretsDeps): PaymentSecrets {
  const { payments, vendors, now, random } = deps;
  const requireSeal = () => {
    if (deps.seal) return deps.seal;
    throw noSeal();
  };
  return {
    give: async (asker, vendorId) => {
      await requireVendor(vendors, asker.scope, vendorId);
      const seal = requireSeal();
      const id = `pgs_${hex(random(4))}`;
      const secret = random(SECRET_LENGTH);
      const at = now();
      const sealed = seal.seal(secret, boundToSecret(vendorId, id));
      const kept = { id, vendorId, sealed, createdAt: at, expiresAt: undefined };
      await payments.addSecret(kept, at + OVERLAP_MS, { by: asker.by, at });
      return { id, secret: hex(secret) };
    },
    revoke: async (asker, id) => {
      const origin = { by: asker.by, at: now() };
      if (!(await payments.revokeSecret(asker.scope, id, origin))) throw unknownSecret();
    },
    vendorOf: async (header, body) => {
      const [, id = '', t = '', mark = ''] = SIGNATURE.exec(header ?? '') ?? [];
      const found = id === '' ? undefined : await payments.secret(id, now());
      const secret = found && requireSeal().open(found.sealed, boundToSecret(found.vendorId, id));
      const wanted = signPayment(secret ?? new Uint8Array(SECRET_LENGTH), Number(t), body);
      const isSigned = timingSafeEqual(Buffer.from(wanted), Buffer.from(mark.padEnd(64, ' ')));
      const isOfNow = Math.abs(Number(t) * 1000 - now()) <= SIGNED_WITHIN_MS;
      if (!found || !secret || !isSigned || !isOfNow) throw notSigned();
      return found.vendorId;
    },
  };
}

/** HMAC-SHA256 over the time in Unix seconds, a full stop, and the body as it is sent. */
export function signPayment(secret: Uint8Array, t: number, body: string): string {
  return createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
}

const boundToSecret = (vendorId: string, id: string) => `payment-secret:${vendorId}:${id}`;

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

const notSigned = () =>
  new RefusedError(
    'forbidden',
    'ERR_PAYMENT_SIGNATURE',
    'not signed with a secret of a vendor, or not within five minutes',
  );

const unknownSecret = () =>
  new RefusedError('unknown', 'ERR_PAYMENT_SECRET_UNKNOWN', 'there is no such secret');

export const unknownPayment = () =>
  new RefusedError('unknown', 'ERR_PAYMENT_UNKNOWN', 'there is no such payment');
