import type { CommandApdu } from '@pinless-gate/protocol/apdu/command';
import { equal, fromHex, latin1 } from '@pinless-gate/protocol/bytes';
import { isStrongKey, JPKI_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { resolveCvKey } from '@pinless-gate/protocol/cvc/public-key';
import {
  type CvCertificate,
  checkCvDates,
  cvCertificateContent,
  decodeCvCertificate,
  verifyCvCertificate as verifyCvc,
} from '@pinless-gate/protocol/cvc/tr03110';
import { FormatError } from '@pinless-gate/protocol/errors';
import { verifyEcdsa, verifyRsaPkcs1 } from '@pinless-gate/protocol/signature';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { expectData } from '../channel.ts';
import { isNotFound, type TerminalProfile } from './profile.ts';
import { readBinaryFrom } from './read-binary.ts';

/**
 * Cards whose documents are public: ISO/IEC 7816-4 and -8 with CV certificates of BSI TR-03110
 * (protocol.md 1.2), and the likely shape of the next My Number Card.
 */

/** Ours, proprietary and unregistered: F0, `PINLESS`, version 1. A real card brings its own. */
const AID = fromHex('f050494e4c45535301');
const CHALLENGE_LENGTH = 8;
const CERTIFICATE_SFI = 0x0a;
const TAG_REFERENCE = 0x83;

const SELECT_APPLICATION: CommandApdu = { cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x0c, data: AID };
const GET_CHALLENGE: CommandApdu = {
  cla: 0x00,
  ins: 0x84,
  p1: 0x00,
  p2: 0x00,
  ne: CHALLENGE_LENGTH,
};

/** MSE:Set DST (p2 B6) or MSE:Set AT (p2 A4) to a key reference. */
function setKey(p2: 0xb6 | 0xa4, reference: string): CommandApdu {
  const data = encodeTlv(TAG_REFERENCE, latin1(reference));
  return { cla: 0x00, ins: 0x22, p1: 0x81, p2, data };
}

/** PSO VERIFY CERTIFICATE takes what stands inside 7F21. */
function verifyCertificate(encoded: Uint8Array): CommandApdu {
  return { cla: 0x00, ins: 0x2a, p1: 0x00, p2: 0xbe, data: cvCertificateContent(encoded) };
}

export const iso: TerminalProfile = {
  name: 'iso',

  async identify(channel) {
    const [select] = await channel.exchange([SELECT_APPLICATION]);
    if (select && isNotFound(select)) return 'other';
    expectData('SELECT', select);
    return 'identified';
  },

  terminal: {
    check({ certificates, publicKey }, at) {
      const chain = certificates.map(decodeCvCertificate);
      for (const [i, certificate] of chain.entries())
        checkLink(chain[i - 1], certificate, at, i + 1);
      const last = chain.at(-1)?.publicKey;
      const key = last && !('point' in last) ? last.key : undefined;
      if (key?.kind !== 'rsa' || !equal(key.modulus, publicKey.modulus)) {
        throw new FormatError('ERR_CVC_KEY', 'the last CV certificate is of another key', {
          hint: 'the institution key in the HSM needs a CV certificate of its own',
        });
      }
    },
    commands({ certificates }) {
      const chain = certificates.map(decodeCvCertificate);
      return [
        ...chain.flatMap(({ authorityReference, encoded }) => [
          setKey(0xb6, authorityReference),
          verifyCertificate(encoded),
        ]),
        setKey(0xa4, chain.at(-1)!.holderReference),
        GET_CHALLENGE,
      ];
    },
    challengeLength: CHALLENGE_LENGTH,
    authenticate: (signature) => ({ cla: 0x00, ins: 0x82, p1: 0x00, p2: 0x00, data: signature }),
  },

  readHead: { cla: 0x00, ins: 0xb0, p1: 0x80 | CERTIFICATE_SFI, p2: 0x00, ne: 0x100 },
  readRest: readBinaryFrom,

  prove: (hash) => ({ cla: 0x00, ins: 0x88, p1: 0x00, p2: 0x00, data: hash, ne: 0x100 }),

  /** Of the same CA, with keys of the next generation too. */
  certificates: { ...JPKI_PROFILE, isKey: isStrongKey },
  verifyProof: (key, message, signature) =>
    key.kind === 'rsa'
      ? verifyRsaPkcs1(key, 'sha256', message, signature)
      : verifyEcdsa(key, 'sha256', message, signature),
};

/** The first certificate is under the card's own CVCA, which the card alone can check. */
function checkLink(
  issuer: CvCertificate | undefined,
  certificate: CvCertificate,
  at: number,
  place: number,
): void {
  checkCvDates(certificate, at);
  if (!issuer) return;
  if (certificate.authorityReference !== issuer.holderReference) {
    throw new FormatError('ERR_CVC_ORDER', `CV certificate ${place} names another authority`, {
      hint: 'list the CV certificates in the order in which a card loads them',
    });
  }
  verifyCvc(certificate, resolveCvKey(issuer.publicKey));
}
