import type { CommandApdu } from '@pinless-gate/protocol/apdu/command';
import { fromHex, latin1 } from '@pinless-gate/protocol/bytes';
import { JPKI_CVC_LENGTH } from '@pinless-gate/protocol/cvc/jpki';
import { SURFACE_RECORD_LENGTH } from '@pinless-gate/protocol/kazashi/surface-record';
import { sha256DigestInfo } from '@pinless-gate/protocol/possession';
import { jpki } from './jpki.ts';
import type { CardProfile, SurfaceApplication } from './profile.ts';
import { readBinaryFrom } from './read-binary.ts';

/**
 * かざし利用 (protocol.md 1.4): today's plastic card without an institution key. Its certificate is free to read; what
 * proves the card is the key of its surface application, which signs for anyone who asks. All of it is
 * known from real cards but the short forms: P2 `91` of VERIFY and READ BINARY by short EF id are untraced.
 */

const MAX_NE = 0x100;
const SIGNATURE_LENGTH = 256;
const AID = fromHex('d3921000310001010402');
/** SFI of EF 0001: birth date, card key, signature. */
const RECORD_SFI = 0x01;
/** SFI of EF 0004: CV certificate of the key that signed it. */
const SIGNER_SFI = 0x04;
/** 80 | SFI of EF 0011, the birth date reference. */
const BIRTH_DATE_REFERENCE = 0x91;

const VERIFY: CommandApdu = { cla: 0x00, ins: 0x20, p1: 0x00, p2: BIRTH_DATE_REFERENCE };

/** A whole file of known length, by its short EF id. */
function readFile(sfi: number, length: number): readonly CommandApdu[] {
  const head = { cla: 0x00, ins: 0xb0, p1: 0x80 | sfi, p2: 0x00, ne: MAX_NE };
  return [head, ...readBinaryFrom(MAX_NE, length)];
}

const surface: SurfaceApplication = {
  select: { cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x0c, data: AID },
  queryTries: VERIFY,
  present: (reference) => ({ ...VERIFY, data: latin1(reference) }),
  record: readFile(RECORD_SFI, SURFACE_RECORD_LENGTH),
  signer: readFile(SIGNER_SFI, JPKI_CVC_LENGTH),
};

export const kazashi: CardProfile = {
  name: 'kazashi',
  identify: jpki.identify,
  readHead: jpki.readHead,
  readRest: jpki.readRest,
  surface,
  /** P1 00: the card pads what it is given. P2 00: the application's own key, EF 001A. */
  prove: (hash) => ({
    cla: 0x80,
    ins: 0x2a,
    p1: 0x00,
    p2: 0x00,
    data: sha256DigestInfo(hash),
    ne: SIGNATURE_LENGTH,
  }),
  certificates: jpki.certificates,
  verifyProof: jpki.verifyProof,
};
