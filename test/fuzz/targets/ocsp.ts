import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { verifyOcspResponse } from '@pinless-gate/protocol/certificate/ocsp';
import { OcspError } from '@pinless-gate/protocol/certificate/ocsp-reason';
import { parseOcspResponse } from '@pinless-gate/protocol/certificate/ocsp-response';
import { readOcspAuthority } from '../corpus.ts';
import { type FuzzTarget, hold } from '../target.ts';
import { SEEDS_AT } from './certificate.ts';

const SERIAL = fromHex('0705d990');

/** A signature cannot be made here: what is proven was signed in one of the seeds, octet for octet. */
export const ocsp: FuzzTarget = {
  name: 'ocsp',
  open: (seeds) => {
    const [anchor] = trustAnchors([readOcspAuthority()]);
    const issuerName = anchor!.certificate.subject.encoded;
    const target = { anchor: anchor!, issuerName, serial: SERIAL };
    const signed = new Set(seeds.map((seed) => toHex(parseOcspResponse(seed).signed)));
    return (input) => {
      const verdict = verifyOcspResponse(input, target, SEEDS_AT);
      if (!verdict.ok) return refused(input, verdict.reason);
      const { signed: data } = parseOcspResponse(input);
      hold(signed.has(toHex(data)), 'an answer that nobody signed');
      return true;
    };
  },
};

/** What the reader refuses, the verifier refuses for the same reason: nothing is forgiven on the way. */
function refused(input: Uint8Array, reason: string): boolean {
  try {
    parseOcspResponse(input);
  } catch (error) {
    if (!(error instanceof OcspError)) throw error;
    hold(error.reason === reason, 'refused for another reason');
  }
  return false;
}
