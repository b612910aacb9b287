import { fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { encodeTlv } from '@pinless-gate/protocol/tlv';

/** Names in DER, as the profile fixes them to the octet (jpki-facts 3). */
const SEQUENCE = 0x30;
const SET = 0x31;
const OID = 0x06;
const UTF8_STRING = 0x0c;
const PRINTABLE_STRING = 0x13;

const COUNTRY = fromHex('550406');
const ORGANIZATION = fromHex('55040a');
const ORGANIZATIONAL_UNIT = fromHex('55040b');
const COMMON_NAME = fromHex('550403');

type Attribute = readonly [type: Uint8Array, stringTag: number, text: string];

function encodeName(...attributes: readonly Attribute[]): Uint8Array {
  const names = attributes.map(([type, tag, text]) =>
    encodeTlv(SET, encodeTlv(SEQUENCE, encodeTlv(OID, type), encodeTlv(tag, utf8(text)))),
  );
  return encodeTlv(SEQUENCE, ...names);
}

const JAPAN: Attribute = [COUNTRY, PRINTABLE_STRING, 'JP'];

/** The user-authentication CA's Name, the same in every generation. */
export const ISSUER_NAME = encodeName(
  JAPAN,
  [ORGANIZATION, UTF8_STRING, 'JPKI'],
  [ORGANIZATIONAL_UNIT, UTF8_STRING, 'JPKI for user authentication'],
  [ORGANIZATIONAL_UNIT, UTF8_STRING, 'Japan Agency for Local Authority Information Systems'],
);

/** A holder's Name: country and 24 characters that say nothing. */
export function holderName(commonName: string): Uint8Array {
  return encodeName(JAPAN, [COMMON_NAME, PRINTABLE_STRING, commonName]);
}

/** How the service calls itself in alternative names. */
export const SERVICE_NAME = encodeName(JAPAN, [ORGANIZATION, UTF8_STRING, '公的個人認証サービス']);
