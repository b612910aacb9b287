import type { CommandApdu } from '@pinless-gate/protocol/apdu/command';
import { SW_FILE_NOT_FOUND } from '@pinless-gate/protocol/apdu/status-word';
import { equal, fromHex } from '@pinless-gate/protocol/bytes';
import { JPKI_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import {
  decodeJpkiCvc,
  jpkiCvcBlocks,
  sameKeyId,
  verifyJpkiCvc,
} from '@pinless-gate/protocol/cvc/jpki';
import { FormatError } from '@pinless-gate/protocol/errors';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import { verifyRsaPkcs1 } from '@pinless-gate/protocol/signature';
import { expectData } from '../channel.ts';
import { isNotFound, type TerminalProfile } from './profile.ts';
import { readBinaryFrom } from './read-binary.ts';

/**
 * The My Number Card of today (protocol.md 1.1). Marked ASSUMED is what no public document confirms: it
 * stands here and nowhere else, for whoever holds the terminal-authentication specification.
 */

const AID = fromHex('d392f000260100000001');

const SELECT_APPLICATION: CommandApdu = { cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x0c, data: AID };
/** First 32 octets of EF 0006: the token label. */
const READ_TOKEN_LABEL: CommandApdu = { cla: 0x00, ins: 0xb0, p1: 0x86, p2: 0x00, ne: 0x20 };
/** EF 0008: which certificates are present. */
const READ_AVAILABILITY: CommandApdu = { cla: 0x00, ins: 0xb0, p1: 0x88, p2: 0x00, ne: 0x03 };
const SELECT_TERMINAL_CA_KEY: CommandApdu = {
  cla: 0x00,
  ins: 0xa4,
  p1: 0x02,
  p2: 0x0c,
  data: fromHex('0016'),
};
/** ASSUMED: 16 octets. */
const CHALLENGE_LENGTH = 16;
const GET_CHALLENGE: CommandApdu = {
  cla: 0x00,
  ins: 0x84,
  p1: 0x00,
  p2: 0x00,
  ne: CHALLENGE_LENGTH,
};

const LABEL_PLASTIC_CARD = 'JPKIAPICCTOKEN2';
/** What else carries this application: phones, and the juki card of before 2015. Any other label is unknown. */
const LABELS = new Map<string, RefusalReason>([
  ['JPKIAPGPSETOKEN', 'phone'],
  ['JPKIAPIOSTOKEN', 'phone'],
  ['JPKIAPICCTOKEN', 'old-card'],
]);
const PRESENT = 0x8f;
const SIGNATURE_LENGTH = 256;
/** SFI of EF 000A, the user-authentication certificate. */
const CERTIFICATE_SFI = 0x0a;

/** ASSUMED: the institution's own CV certificate is loaded as the intermediate one is. */
function loadCertificate(encoded: Uint8Array): CommandApdu[] {
  const [body, signature] = jpkiCvcBlocks(encoded);
  return [
    { cla: 0x80, ins: 0xa2, p1: 0x06, p2: 0xc1, data: body },
    { cla: 0x80, ins: 0xa2, p1: 0x00, p2: 0xc1, data: signature },
  ];
}

export const jpki: TerminalProfile = {
  name: 'jpki',

  async identify(channel) {
    const [select, label, availability] = await channel.exchange([
      SELECT_APPLICATION,
      READ_TOKEN_LABEL,
      READ_AVAILABILITY,
    ]);
    if (select && isNotFound(select)) return 'other';
    expectData('SELECT', select);
    const text = Buffer.from(expectData('READ BINARY token info', label)).toString('latin1');
    const kind = text.trimEnd();
    if (kind !== LABEL_PLASTIC_CARD) return LABELS.get(kind) ?? 'unknown-card';
    if (availability?.sw === SW_FILE_NOT_FOUND) return 'no-certificate';
    // Two octets: signature certificate, authentication certificate (jpki-facts 1.2).
    return expectData('READ BINARY availability', availability)[1] === PRESENT
      ? 'identified'
      : 'no-certificate';
  },

  terminal: {
    check({ certificates, publicKey }) {
      const chain = certificates.map(decodeJpkiCvc);
      for (const [i, certificate] of chain.entries()) {
        const issuer = chain[i - 1];
        if (issuer && !sameKeyId(certificate.issuerKeyId, issuer.subjectKeyId)) {
          throw new FormatError('ERR_CVC_ORDER', `CV certificate ${i + 1} names another issuer`, {
            hint: 'list the CV certificates in the order in which a card loads them',
          });
        }
        // The first is under a key that only the card holds.
        if (issuer) verifyJpkiCvc(certificate, issuer.publicKey);
      }
      const last = chain.at(-1);
      if (!last || !equal(last.publicKey.modulus, publicKey.modulus)) {
        throw new FormatError('ERR_CVC_KEY', 'the last CV certificate is of another key', {
          hint: 'the institution key in the HSM needs a CV certificate of its own',
        });
      }
    },
    commands: ({ certificates }) => [
      SELECT_TERMINAL_CA_KEY,
      ...certificates.flatMap(loadCertificate),
      GET_CHALLENGE,
    ],
    challengeLength: CHALLENGE_LENGTH,
    /** ASSUMED: RSASSA-PKCS1-v1_5 with SHA-256 over the challenge, key reference 80 | SFI of EF 0016. */
    authenticate: (signature) => ({ cla: 0x00, ins: 0x82, p1: 0x00, p2: 0x96, data: signature }),
  },

  readHead: { cla: 0x00, ins: 0xb0, p1: 0x80 | CERTIFICATE_SFI, p2: 0x00, ne: 0x100 },
  readRest: readBinaryFrom,

  /** ASSUMED that an accepted terminal may use it without PIN. P1 02: the card adds the DigestInfo. */
  prove: (hash) => ({ cla: 0x80, ins: 0x2a, p1: 0x02, p2: 0x97, data: hash, ne: SIGNATURE_LENGTH }),

  certificates: JPKI_PROFILE,
  verifyProof: (key, message, signature) =>
    key.kind === 'rsa' && verifyRsaPkcs1(key, 'sha256', message, signature),
};
