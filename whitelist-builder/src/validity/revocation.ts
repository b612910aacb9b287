import { readFile } from 'node:fs/promises';
import {
  type Crl,
  covers,
  revocationStatus,
  verifyCrl,
} from '@pinless-gate/protocol/certificate/crl';
import type { UserCertificate } from '@pinless-gate/protocol/certificate/user';
import { GateError } from '@pinless-gate/protocol/errors';
import { derOf } from '@pinless-gate/protocol/pem';
import type { Issuer } from './issuer.ts';

/** A CRL that cannot be used. */
export class CrlError extends GateError {}

/** What a card's certificate is known by; the certificate itself where the feed gave it. */
export interface Subject {
  readonly issuer: Issuer;
  readonly serial: Uint8Array;
  readonly certificate?: UserCertificate | undefined;
}

/** Why a card is left out of a list. */
export const LEFT_OUT = ['revoked', 'on-hold', 'renewed-without-link', 'not-proven'] as const;
export type LeftOut = (typeof LEFT_OUT)[number];

export interface RevocationAnswer {
  readonly status: 'good' | 'revoked' | 'unknown';
  /** What `revoked` stands for, where that is something else. */
  readonly reason?: Exclude<LeftOut, 'revoked'> | undefined;
  /** Unix seconds: when the list was issued that says so. Undefined where no list speaks of the card. */
  readonly checkedAt?: number | undefined;
}

/** What a source says of a card: the one question that a build asks, for every card of every purchase. */
export interface Revocation {
  of(card: Subject): RevocationAnswer;
}

/** Undefined where nothing speaks against the card. */
export function leftOut(answer: RevocationAnswer | undefined): LeftOut | undefined {
  return answer?.status === 'revoked' ? (answer.reason ?? 'revoked') : undefined;
}

/** Reads and verifies every list. One that does not hold is an error: the rest would look complete. */
export async function readRevocation(
  paths: readonly string[],
  issuers: readonly Issuer[],
  now: number,
  maxAgeS?: number,
): Promise<CrlRevocation> {
  const anchors = issuers.flatMap(({ generations }) => generations);
  const crls: Crl[] = [];
  for (const path of paths) {
    const verdict = verifyCrl(derOf(await readFile(path), 'X509 CRL'), anchors, now * 1000, {
      ...(maxAgeS !== undefined && { maxAgeS }),
    });
    if (!verdict.ok) {
      const code = STALE.has(verdict.reason) ? 'ERR_CRL_STALE' : 'ERR_CRL_REFUSED';
      throw new CrlError(code, `${path}: does not hold (${verdict.reason})`, {
        hint: 'fetch the CRL of the issuers named in event.toml again',
      });
    }
    crls.push(verdict.crl);
  }
  return new CrlRevocation(crls);
}

const STALE: ReadonlySet<string> = new Set(['stale', 'too-old']);

/** What verified lists say of cards. */
export class CrlRevocation implements Revocation {
  readonly #crls: readonly Crl[];

  constructor(crls: readonly Crl[]) {
    this.#crls = crls;
  }

  /** For whom else they are asked: responders of OCSP. */
  get crls(): readonly Crl[] {
    return this.#crls;
  }

  of(card: Subject): RevocationAnswer {
    return card.certificate ? this.#ofCertificate(card.certificate) : this.#ofSerial(card);
  }

  #ofCertificate(certificate: UserCertificate): RevocationAnswer {
    const times = this.#crls
      .filter((crl) => covers(crl, certificate))
      .map(({ thisUpdate }) => thisUpdate);
    return {
      status: revocationStatus(this.#crls, certificate),
      checkedAt: times.length > 0 ? Math.max(...times) : undefined,
    };
  }

  /** Which generation issued it is not known: any list counts against it, and only all together for it. */
  #ofSerial({ issuer, serial }: Subject): RevocationAnswer {
    const perGeneration = issuer.generations.map(({ fingerprint }) =>
      this.#crls.filter(({ anchor }) => anchor.fingerprint === fingerprint),
    );
    if (perGeneration.flat().some(({ revoked }) => revoked.has(serial)))
      return { status: 'revoked' };
    // A list with a distribution point speaks of some of its CA's certificates only.
    const times = perGeneration.map((crls) =>
      Math.max(...crls.filter(({ point }) => !point).map(({ thisUpdate }) => thisUpdate)),
    );
    const oldest = Math.min(...times);
    return Number.isFinite(oldest) ? { status: 'good', checkedAt: oldest } : { status: 'unknown' };
  }
}
