import {
  BOOLEAN,
  type DerElement,
  DerReader,
  OCTET_STRING,
  OID,
  readOid,
  readTrue,
  SEQUENCE,
} from './der.ts';
import { CertificateError } from './error.ts';

/** One extension as it stands; `value` is the content of its OCTET STRING. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

const MAX_EXTENSIONS = 64;

/** The content of Extensions (RFC 5280 4.1): at least one, none twice. */
export function readExtensions(value: Uint8Array, what: string): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  for (const element of new DerReader(value).rest(what, 1)) {
    const extension = readExtension(element, what);
    if (extensions.has(extension.oid)) {
      throw new CertificateError('extension-duplicate', `extension ${extension.oid} stands twice`);
    }
    extensions.set(extension.oid, extension);
    if (extensions.size > MAX_EXTENSIONS) {
      throw new CertificateError('malformed', `over ${MAX_EXTENSIONS} extensions`);
    }
  }
  return extensions;
}

function readExtension({ tag, value }: DerElement, what: string): Extension {
  if (tag !== SEQUENCE) throw new CertificateError('malformed', `${what}: not an extension`);
  const reader = new DerReader(value);
  const oid = readOid(reader.value(OID, what), what);
  const critical = readTrue(reader.optional(BOOLEAN, what), `${what}: critical`);
  const content = reader.value(OCTET_STRING, what);
  reader.end(what);
  return { oid, critical, value: content };
}
