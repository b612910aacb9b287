import { hash } from 'node:crypto';
import { concat, EMPTY, equal, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import {
  type UserCertificate,
  verifyUserCertificate,
} from '@pinless-gate/protocol/certificate/user';
import type { HolderCard } from '../purchase/holder.ts';
import type { Issuer } from '../validity/issuer.ts';
import type { Revocation, Subject } from '../validity/revocation.ts';

/**
 * Whom the rows of the cache list, so that each can be asked about again whether it is revoked. Of a card
 * by serial number that is issuer and serial number. Of a certificate it is also where its issuer speaks of it:
 * the same for many, so one certificate of them is kept and stands for all.
 */
export class RememberedHolders {
  readonly #issuers: readonly Issuer[];
  readonly #now: number;
  readonly #samples = new Map<string, Sample>();

  /** `now` in Unix seconds. */
  constructor(issuers: readonly Issuer[], now: number) {
    this.#issuers = issuers;
    this.#now = now;
  }

  /** Takes in what `samples` of an earlier build gave. */
  load(sample: Uint8Array): void {
    const key = toHex(sample.subarray(0, CLASS_LENGTH));
    this.#samples.set(key, { der: sample.slice(CLASS_LENGTH), used: false });
  }

  /** Class ‖ DER of one certificate of each class that this build has met. */
  samples(): Uint8Array[] {
    return [...this.#samples].flatMap(([key, { der, used }]) => {
      return used ? [concat(fromHex(key), der)] : [];
    });
  }

  /** Undefined where it cannot be kept. */
  remember(card: HolderCard): Uint8Array | undefined {
    const { issuer, serial, certificate, renewedFrom } = card;
    const sampleClass = certificate ? this.#keep(certificate) : EMPTY;
    if (!sampleClass) return undefined;
    const successor = renewedFrom ? issuer.renewals!.successor(renewedFrom)! : EMPTY;
    const named = renewedFrom ?? EMPTY;
    return concat(
      Uint8Array.of(this.#issuers.indexOf(issuer), sampleClass.length, serial.length, named.length),
      ...[sampleClass, serial, named, successor],
    );
  }

  /**
   * When it was checked whether a card is revoked, Unix seconds; 0 where no list speaks of it. Undefined where what was
   * kept no longer holds: it is left out now or replaced, or nobody knows whose it is.
   */
  checkedAt(holder: Uint8Array, revocation: Revocation | undefined): number | undefined {
    if (!revocation && this.isOnlyNumber(holder, 0, holder.length)) return 0;
    const subject = this.recall(holder);
    const answer = subject && revocation?.of(subject);
    if (!subject || answer?.status === 'revoked') return undefined;
    return answer?.checkedAt ?? 0;
  }

  /** Of a holder that stands in `octets`: by serial number, and never renewed. Most are, and there is nothing to recall. */
  isOnlyNumber(octets: Uint8Array, from: number, to: number): boolean {
    if (to - from !== HEAD_LENGTH + octets[from + 2]!) return false;
    return this.#issuers[octets[from]!]!.renewals === undefined;
  }

  /**
   * Undefined where it is no longer known, or another certificate has taken its place since. Of a certificate
   * only CA, serial number and places are its own.
   */
  recall(holder: Uint8Array): Subject | undefined {
    const [index, classLength, serialLength, namedLength] = holder;
    const take = partsOf(holder.subarray(HEAD_LENGTH));
    const [sampleClass, serial] = [take(classLength!), take(serialLength!)];
    const [named, successor] = [take(namedLength!), take(SUCCESSOR_LENGTH)];
    const issuer = this.#issuers[index!]!;
    const renewedFrom = named.length > 0 ? named : serial;
    const now = issuer.renewals?.successor(renewedFrom) ?? EMPTY;
    if (!equal(now, successor)) return undefined;
    if (sampleClass.length === 0) return { issuer, serial };
    const sample = this.#sample(toHex(sampleClass), issuer);
    if (!sample) return undefined;
    const certificate = { ...sample, serial, parsed: { ...sample.parsed, serial } };
    return { issuer, serial, certificate };
  }

  /** The class of a certificate, of which one is kept now; undefined where there are too many. */
  #keep(certificate: UserCertificate): Uint8Array | undefined {
    const sampleClass = classOf(certificate);
    const key = toHex(sampleClass);
    const sample = this.#samples.get(key);
    if (sample) sample.used = true;
    else if (this.#samples.size >= MAX_CLASSES) return undefined;
    else this.#samples.set(key, { der: certificate.parsed.encoded.slice(), used: true });
    return sampleClass;
  }

  #sample(key: string, { generations }: Issuer): UserCertificate | undefined {
    const sample = this.#samples.get(key);
    if (!sample) return undefined;
    sample.used = true;
    if (!sample.certificate) {
      const at = Math.min(this.#now, parseCertificate(sample.der).notAfter) * 1000;
      const verdict = verifyUserCertificate(sample.der, generations, at);
      if (!verdict.ok) return undefined;
      sample.certificate = verdict.certificate;
    }
    return sample.certificate;
  }
}

interface Sample {
  readonly der: Uint8Array;
  used: boolean;
  certificate?: UserCertificate;
}

/** Of a holder: issuer, and the lengths of class, serial number, and the number that the feed has. */
const HEAD_LENGTH = 4;
const SUCCESSOR_LENGTH = 8;
const CLASS_LENGTH = 16;
/** A JPKI CA splits its list by place, about two thousand of them. */
const MAX_CLASSES = 8192;
const OID_CRL_DISTRIBUTION_POINTS = '2.5.29.31';
const OID_AUTHORITY_INFO_ACCESS = '1.3.6.1.5.5.7.1.1';

/** One part after the other; the last may be missing. */
function partsOf(octets: Uint8Array): (length: number) => Uint8Array {
  let at = 0;
  return (length) => {
    const part = octets.subarray(at, at + length);
    at += length;
    return part;
  };
}

function classOf({ anchor, parsed: { extensions } }: UserCertificate): Uint8Array {
  const parts = [OID_CRL_DISTRIBUTION_POINTS, OID_AUTHORITY_INFO_ACCESS].flatMap((oid) => {
    const value = extensions.get(oid)?.value ?? new Uint8Array(0);
    return [Uint8Array.of(value.length >> 8, value.length & 0xff), value];
  });
  return hash('sha256', concat(fromHex(anchor.fingerprint), ...parts), 'buffer').subarray(
    0,
    CLASS_LENGTH,
  );
}
