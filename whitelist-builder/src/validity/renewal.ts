import { hash } from 'node:crypto';
import { concat, EMPTY, toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import type { Card, CardRenewals, Issuer } from './issuer.ts';
import { RenewalError, type RenewalList, type RenewalStep } from './renewal-file.ts';
import type { Revocation, RevocationAnswer, Subject } from './revocation.ts';

/** A card is renewed every five years, and reissued now and then: a longer chain is a mistake or an attack. */
const MAX_STEPS = 8;

/** Which certificate took another's place (新旧シリアル番号の紐付け), of one issuer. */
export class Renewals implements CardRenewals {
  readonly #steps = new Map<string, RenewalStep>();
  /** Unix seconds. */
  readonly issuedAt: number;

  /** Throws `RenewalError` for links that contradict one another: two successors, two predecessors, a loop. */
  constructor({ steps, issuedAt }: RenewalList) {
    this.issuedAt = issuedAt;
    const followed = new Set<string>();
    for (const step of steps) {
      if (this.#steps.has(step.old) || (step.next !== undefined && followed.has(step.next))) {
        throw new RenewalError('ERR_RENEWAL_CONFLICT', 'renewals: one number is linked twice');
      }
      this.#steps.set(step.old, step);
      if (step.next !== undefined) followed.add(step.next);
    }
    for (const { old } of steps) this.#end(old);
  }

  /** Whether another certificate took this one's place. */
  isReplaced(serial: Uint8Array): boolean {
    return this.#steps.has(toHex(serial));
  }

  /** A digest of the last link of the chain. */
  successor(serial: Uint8Array): Uint8Array | undefined {
    const end = this.#end(toHex(serial));
    if (!end) return undefined;
    const { next = '', certificate = EMPTY } = end;
    return hash('sha256', concat(utf8(`${next}\0`), certificate), 'buffer').subarray(0, 8);
  }

  /** The last link of a chain; undefined where the certificate was not replaced. */
  #end(serial: string): RenewalStep | undefined {
    let step = this.#steps.get(serial);
    for (let count = 1; step?.next !== undefined; count++) {
      const next = this.#steps.get(step.next);
      if (!next) return step;
      if (count === MAX_STEPS) {
        throw new RenewalError('ERR_RENEWAL_LOOP', `renewals: a loop, or over ${MAX_STEPS} links`);
      }
      step = next;
    }
    return step;
  }

  /**
   * The card as it is now. The old public key goes with the old certificate; the new one is pinned where the
   * list has the certificate. A chip that was linked stays: if it is another one now, the gate finds out.
   * `now` in Unix seconds.
   */
  current(card: Card, now: number): Card {
    const end = this.#end(toHex(card.serial));
    if (end?.next === undefined) return card;
    const { issuer, kazashi } = card;
    const serial = new Uint8Array(Buffer.from(end.next, 'hex'));
    const { certificate: der } = end;
    if (!der) return { issuer, issuerName: issuer.nameDer, serial, kazashi };
    const verdict = verifyUserCertificate(der, issuer.generations, now * 1000);
    if (!verdict.ok || toHex(verdict.certificate.serial) !== end.next) {
      const why = verdict.ok ? 'another number' : verdict.reason;
      throw new RenewalError(
        'ERR_RENEWAL_CERTIFICATE',
        `renewals: a new certificate does not hold (${why})`,
      );
    }
    const { certificate } = verdict;
    return { issuer, issuerName: certificate.issuerName, serial, certificate, kazashi };
  }
}

/** What was replaced is no longer valid, whatever the source says of it. */
export function withRenewals(
  source: Revocation | undefined,
  issuers: readonly Issuer[],
): Revocation | undefined {
  if (!issuers.some(({ renewals }) => renewals)) return source;
  return {
    of: (card: Subject): RevocationAnswer =>
      card.issuer.renewals?.isReplaced(card.serial)
        ? { status: 'revoked', reason: 'renewed-without-link' }
        : (source?.of(card) ?? { status: 'unknown' }),
  };
}
