import { equal, toHex } from '@pinless-gate/protocol/bytes';
import { JPKI_CVC_LENGTH } from '@pinless-gate/protocol/cvc/jpki';
import { verifySurface } from '@pinless-gate/protocol/kazashi/surface';
import {
  decodeSurfaceRecord,
  encodeSurfaceContent,
  encodeSurfaceRecord,
  SURFACE_RECORD_LENGTH,
} from '@pinless-gate/protocol/kazashi/surface-record';
import { type RsaPublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';
import { readSurfaceAuthority } from '../corpus.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** Above the signers of the seeds. */
export const SEEDS_SURFACE_CA = '39393030303233080530303100000000';
const BOTH = SURFACE_RECORD_LENGTH + JPKI_CVC_LENGTH;

/** EF 0001, and EF 0004 after it where the input is as long as both: then it is verified too. */
export const surface: FuzzTarget = {
  name: 'surface',
  open: (seeds) => {
    const publicKey = readPublicKey(readSurfaceAuthority()) as RsaPublicKey;
    const ca = { keyId: Buffer.from(SEEDS_SURFACE_CA, 'hex'), publicKey };
    const parts = seeds.flatMap((seed) => [recordIn(seed), signerIn(seed)]);
    const signed = new Set(parts.map(toHex));
    return (input) => {
      const whole = input.length === BOTH;
      const record = whole ? recordIn(input) : input;
      const decoded = decodeSurfaceRecord(record);
      const content = encodeSurfaceContent(decoded);
      hold(equal(encodeSurfaceRecord(content, decoded.signature), record), 'a record changed');
      if (!whole) return true;
      const signer = signerIn(input);
      verifySurface(record, signer, ca);
      const genuine = signed.has(toHex(record)) && signed.has(toHex(signer));
      hold(genuine, 'a record that nobody signed');
      return true;
    };
  },
};

const recordIn = (input: Uint8Array) => input.subarray(0, SURFACE_RECORD_LENGTH);
const signerIn = (input: Uint8Array) => input.subarray(SURFACE_RECORD_LENGTH);
