import { equal } from '@pinless-gate/protocol/bytes';
import {
  decodeJpkiCvc,
  encodeJpkiCvc,
  encodeJpkiCvcBody,
  jpkiCvcBlocks,
} from '@pinless-gate/protocol/cvc/jpki';
import {
  decodeCvCertificate,
  encodeCvCertificate,
  encodeCvCertificateBody,
} from '@pinless-gate/protocol/cvc/tr03110';
import { type FuzzTarget, hold } from '../target.ts';

export const cvcJpki: FuzzTarget = {
  name: 'cvc-jpki',
  open: () => (input) => {
    const certificate = decodeJpkiCvc(input);
    const encoded = encodeJpkiCvc(encodeJpkiCvcBody(certificate), certificate.signature);
    hold(equal(encoded, input), 'a CV certificate changed');
    const [first, second] = jpkiCvcBlocks(input);
    hold(first.length + second.length === input.length, 'blocks do not make up the certificate');
    return true;
  },
};

export const cvcTr03110: FuzzTarget = {
  name: 'cvc-tr03110',
  open: () => (input) => {
    const certificate = decodeCvCertificate(input);
    const body = encodeCvCertificateBody(certificate);
    hold(equal(encodeCvCertificate(body, certificate.signature), input), 'a certificate changed');
    return true;
  },
};
