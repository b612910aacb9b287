import { equal } from '@pinless-gate/protocol/bytes';
import { decodeJpkiCvc } from '@pinless-gate/protocol/cvc/jpki';
import { decodeCvCertificate } from '@pinless-gate/protocol/cvc/tr03110';
import { FormatError } from '@pinless-gate/protocol/errors';
import type { Problem } from '../key-store.ts';
import type { InstalledChain } from './institution-files.ts';
import type { CvcLayout } from './institution-request.ts';

const DAY_MS = 86_400_000;
/** A new certificate takes its time; from here on the old one is warned of. */
export const WARN_DAYS = 30;

export interface InstitutionStatus {
  readonly layout: CvcLayout;
  /** Seven digits of the key id, or the holder reference. */
  readonly holder?: string;
  /** Whether the last certificate is the institution key's. */
  readonly fits: boolean;
  /** Last day, as a date, and how many whole days are left; the layout of JPKI has no dates. */
  readonly expiry?: string;
  readonly daysLeft?: number;
  readonly problem?: Problem;
}

/** What installed certificates say of themselves: that they are under an anchor was checked at their import. `at`: ms. */
export function institutionStatus(
  { layout, chain, unreadable }: InstalledChain,
  spki: Uint8Array | undefined,
  at: number,
): InstitutionStatus {
  if (unreadable !== undefined) {
    const message = `${layout}: ${unreadable} cannot be read`;
    return { layout, fits: false, problem: { code: 'ERR_INSTITUTION_FILE', message } };
  }
  try {
    return layout === 'jpki' ? jpkiStatus(chain, spki) : tr03110Status(chain, spki, at);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const { code, message } = error;
    return { layout, fits: false, problem: { code, message: `${layout}: ${message}` } };
  }
}

function jpkiStatus(chain: InstalledChain['chain'], spki: Uint8Array | undefined) {
  const { subjectKeyId, publicKey } = decodeJpkiCvc(chain.at(-1)!);
  const holder = Buffer.from(subjectKeyId.subarray(0, 7)).toString('latin1');
  const fits = spki !== undefined && equal(publicKey.spki, spki);
  return { layout: 'jpki', holder, fits, ...(!fits && { problem: wrongKey('jpki') }) } as const;
}

function tr03110Status(
  chain: InstalledChain['chain'],
  spki: Uint8Array | undefined,
  at: number,
): InstitutionStatus {
  const certificates = chain.map(decodeCvCertificate);
  const { holderReference: holder, publicKey } = certificates.at(-1)!;
  const fits = spki !== undefined && 'key' in publicKey && equal(publicKey.key.spki, spki);
  const { expiry, daysLeft } = expiryOf(certificates, at);
  const problem = daysLeft < 0 ? expired(expiry) : fits ? undefined : wrongKey('tr03110');
  return { layout: 'tr03110', holder, fits, expiry, daysLeft, ...(problem && { problem }) };
}

/** The first of the chain to expire decides. The expiry day itself is good to its end. */
export function expiryOf(certificates: readonly { readonly expiry: number }[], at: number) {
  const first = 1000 * Math.min(...certificates.map(({ expiry }) => expiry));
  return {
    expiry: new Date(first).toISOString().slice(0, 10),
    daysLeft: Math.floor(first / DAY_MS) - Math.floor(at / DAY_MS),
  };
}

function wrongKey(layout: CvcLayout): Problem {
  return {
    code: 'ERR_INSTITUTION_KEY',
    message: `the CV certificates of ${layout} are not of the institution key in this token`,
    hint: 'hsm institution request, then import what comes back',
  };
}

function expired(day: string): Problem {
  return {
    code: 'ERR_CVC_EXPIRED',
    message: `the institution's CV certificates expired on ${day}`,
    hint: 'hsm institution request, then import what comes back',
  };
}
