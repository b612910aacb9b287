import { concat, equal, toHex } from '@pinless-gate/protocol/bytes';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import { type CrlVerdict, verifyCrl } from '@pinless-gate/protocol/certificate/crl';
import { readCertificateHead } from '@pinless-gate/protocol/certificate/head';
import { GENERIC_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { GateError } from '@pinless-gate/protocol/errors';
import { decodeTlvs, encodeTlv } from '@pinless-gate/protocol/tlv';
import { readAuthority } from '../corpus.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** The day on which the seeds are valid. */
export const SEEDS_AT = Date.UTC(2026, 11, 20, 9, 0, 0);
const CONSTRUCTED = 0x20;

/** A signature cannot be made here: what is accepted is one of the seeds, octet for octet. */
export const certificate: FuzzTarget = {
  name: 'certificate',
  open: (seeds) => {
    const anchors = trustAnchors([readAuthority()]);
    const signed = new Set(seeds.map(toHex));
    return (input) => {
      checkHead(input);
      const verdict = verifyUserCertificate(input, anchors, SEEDS_AT, GENERIC_PROFILE);
      if (verdict.ok) hold(signed.has(toHex(input)), 'a certificate that nobody signed');
      if (verdict.ok || !PARSED.has(verdict.reason)) return verdict.ok;
      hold(equal(again(input), input), 'a certificate that is not DER');
      return false;
    };
  },
};

/** Reasons that are given after the whole certificate was read. */
const PARSED: ReadonlySet<string> = new Set(['signature', 'unknown-issuer', 'authority-key-id']);

/** A head that is read is that of the whole, wherever the whole can be read. */
function checkHead(input: Uint8Array): void {
  try {
    const head = readCertificateHead(input.subarray(0, 256));
    const whole = parseCertificate(input);
    hold(equal(head.serial, whole.serial), 'a head with another serial number');
    hold(equal(head.issuerName, whole.issuer.encoded), 'a head with another issuer');
    hold(head.length === input.length, 'a head with another length');
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
  }
}

export const crl: FuzzTarget = {
  name: 'crl',
  open: (seeds) => {
    const anchors = trustAnchors([readAuthority()]);
    const signed = new Set(seeds.map(toHex));
    return (input) => {
      const verdict: CrlVerdict = verifyCrl(input, anchors, SEEDS_AT);
      if (verdict.ok) hold(signed.has(toHex(input)), 'a list that nobody signed');
      if (!verdict.ok && PARSED.has(verdict.reason)) {
        hold(equal(again(input), input), 'a list that is not DER');
      }
      return verdict.ok;
    };
  },
};

/** Taken apart to the last data object, and put together. */
function again(octets: Uint8Array): Uint8Array {
  return concat(
    ...decodeTlvs(octets).map(({ tag, value }) =>
      encodeTlv(tag, tag & CONSTRUCTED && tag < 0x100 ? again(value) : value),
    ),
  );
}
