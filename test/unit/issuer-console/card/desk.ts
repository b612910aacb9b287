import { createHash, randomBytes, sign } from 'node:crypto';
import { join } from 'node:path';
import { fromBase64, fromHex } from '@pinless-gate/protocol/bytes';
import {
  type CardStatement,
  statementMessage,
  surfaceMessage,
} from '@pinless-gate/protocol/card-statement';
import { derOf } from '@pinless-gate/protocol/pem';
import {
  encodeStatementRequest,
  type StatementRequest,
} from '@pinless-gate/protocol/statement-request';
import type { JpkiCardFile } from '../../../sandbox/card/card-file.ts';

// What a program at a desk makes of a card, from the keys in its file: no card, no dialogue.

/** Lists are written while tests run: a little later, all of them have begun. */
export const NOW = Date.now() + 180_000;

export function requestFor(change: Partial<StatementRequest> = {}): Uint8Array {
  return encodeStatementRequest({
    consoleId: fromHex('00'.repeat(16)),
    origin: 'http://127.0.0.1:8470',
    purpose: 'purchase',
    subjectId: 'A-1',
    eventId: fromHex('e0'.repeat(16)),
    lines: ['two tickets'],
    nonce: randomBytes(32),
    issuedAt: NOW - 1000,
    expiresAt: NOW + 600_000,
    ...change,
  });
}

const der = (pem: string) => derOf(Buffer.from(pem), 'CERTIFICATE');

export const certificateOf = (card: JpkiCardFile) => der(card.certificatePem!);
export const signerOf = (card: JpkiCardFile) => der(card.signature!.certificatePem);

export interface Stating {
  readonly kazashi?: boolean;
  /** Shows the user-authentication certificate beside the signature. */
  readonly shows?: Uint8Array;
}

export function stated(
  card: JpkiCardFile,
  method: 'signature' | 'authentication',
  request: Uint8Array,
  { kazashi = false, shows }: Stating = {},
): CardStatement {
  const chip = kazashi ? surfaceOf(card, request) : undefined;
  const key = method === 'signature' ? card.signature!.privateKeyPem : card.privateKeyPem;
  const message = statementMessage(request, method, chip?.hash);
  return {
    request,
    method,
    certificate: method === 'signature' ? signerOf(card) : certificateOf(card),
    signature: sign('sha256', message, key),
    ...(shows && { authenticationCertificate: shows }),
    ...(chip && { kazashi: chip.kazashi }),
  };
}

/** The modulus stands in the record before its signature: `DF13 82 0100` and 256 octets. */
function surfaceOf({ surface }: JpkiCardFile, request: Uint8Array) {
  const { reference, record, signer, privateKeyPem } = surface!;
  const octets = fromBase64(record);
  return {
    hash: createHash('sha256')
      .update(octets.subarray(-261 - 256, -261))
      .digest(),
    kazashi: {
      reference,
      record: octets,
      signer: fromBase64(signer),
      signature: sign('sha256', surfaceMessage(request), privateKeyPem),
    },
  };
}

export const jlisToml = (directory: string, url: string, more = '') => `
[jlis]
link = "${url}link"
link_signer = "${join(directory, 'link-signer.pem')}"
surface_ca = "${join(directory, 'surface-ca.json')}"
${more}
[jlis.authentication]
anchors = ["${join(directory, 'ca.pem')}"]
crls = ["${join(directory, 'crl.der')}"]
[jlis.signature]
anchors = ["${join(directory, 'signature-ca.pem')}"]
crls = ["${url}signature-crl.der"]
`;
