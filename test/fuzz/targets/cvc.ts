import { equal } from '@pinless-gate/protocol/bytes';
import {
  decodeJpkiCvc,
  encodeJpkiCvc,
  encodeJpkiCvcBody,
  jpkiCvcBlocks,
} from '@pinless-gate/protocol/cvc/jpki';
import {
  decodeCvAuthentication,
  decodeCvRequest,
  encodeCvAuthentication,
  encodeCvAuthenticationBody,
  encodeCvRequest,
  encodeCvRequestBody,
  TAG_AUTHENTICATION,
} from '@pinless-gate/protocol/cvc/request';
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

/** With an outer signature or without. */
export const cvcRequest: FuzzTarget = {
  name: 'cvc-request',
  open: () => (input) => {
    if (input[0] !== TAG_AUTHENTICATION) return checkRequest(input);
    const { request, authorityReference, signature } = decodeCvAuthentication(input);
    const signed = encodeCvAuthenticationBody(request, authorityReference);
    hold(equal(encodeCvAuthentication(signed, signature), input), 'an authentication changed');
    return checkRequest(request);
  },
};

function checkRequest(input: Uint8Array): boolean {
  const request = decodeCvRequest(input);
  const encoded = encodeCvRequest(encodeCvRequestBody(request), request.signature);
  hold(equal(encoded, input), 'a request changed');
  return true;
}
