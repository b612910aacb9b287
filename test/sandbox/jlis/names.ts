import { oid, printableString, sequence, set, utf8String } from './der.ts';

/** Names in DER, as the profile fixes them to the octet (jpki-facts 3). */
type Attribute = readonly [type: string, value: Uint8Array];

const COUNTRY: Attribute = ['2.5.4.6', printableString('JP')];
const ORGANIZATION = '2.5.4.10';
const ORGANIZATIONAL_UNIT = '2.5.4.11';
const LOCALITY = '2.5.4.7';
const COMMON_NAME = '2.5.4.3';

const name = (...attributes: readonly Attribute[]): Uint8Array =>
  sequence(...attributes.map(([type, value]) => set(sequence(oid(type), value))));

const issuerName = (organization: string, use = 'JPKI for user authentication'): Uint8Array =>
  name(
    COUNTRY,
    [ORGANIZATION, utf8String(organization)],
    [ORGANIZATIONAL_UNIT, utf8String(use)],
    [ORGANIZATIONAL_UNIT, utf8String('Japan Agency for Local Authority Information Systems')],
  );

/** The user-authentication CA's, the same in every generation. */
export const ISSUER_NAME = issuerName('JPKI');

/** That of the hierarchy for test cards, which no gate trusts. */
export const TEST_ISSUER_NAME = issuerName('JPKI-TEST');

/** The signature CA's. */
export const SIGNATURE_ISSUER_NAME = issuerName('JPKI', 'JPKI for digital signature');

/** Where the certificates of one municipality are listed. */
export const MUNICIPALITY_LIST_NAME = name(
  COUNTRY,
  [ORGANIZATION, utf8String('JPKI')],
  [ORGANIZATIONAL_UNIT, utf8String('JPKI for digital signature')],
  [ORGANIZATIONAL_UNIT, utf8String('CRL Distribution Points')],
  [ORGANIZATIONAL_UNIT, utf8String('Tokyo-to')],
  [COMMON_NAME, utf8String('Kiyose-shi CRLDP')],
);

/** How the service calls itself in alternative names. */
export const SERVICE_NAME = name(COUNTRY, [ORGANIZATION, utf8String('公的個人認証サービス')]);

/** A holder's: country and 24 characters that say nothing. */
export const holderName = (commonName: string): Uint8Array =>
  name(COUNTRY, [COMMON_NAME, printableString(commonName)]);

/** A signer's: where they live, and an id that says nothing. */
export const signerName = (localities: readonly string[], commonName: string): Uint8Array =>
  name(COUNTRY, ...localities.map((locality): Attribute => [LOCALITY, utf8String(locality)]), [
    COMMON_NAME,
    utf8String(commonName),
  ]);

/** The OCSP responder's. */
export const RESPONDER_NAME = name(COUNTRY, [COMMON_NAME, utf8String('Sandbox OCSP responder')]);
