import { X509Certificate } from 'node:crypto';
import { readSequence } from '@pinless-gate/protocol/certificate/der';

/** One generation of a CA, as event.toml pins it. */
export interface CaCertificate {
  readonly subjectDer: Uint8Array;
  readonly x509: X509Certificate;
}

/** The issuer that a feed calls by name: one DN, one or more generations of its CA. */
export interface Issuer {
  readonly name: string;
  /** The DN, in DER. */
  readonly nameDer: Uint8Array;
  readonly generations: readonly CaCertificate[];
}

export function parseCaCertificate(bytes: Uint8Array): CaCertificate {
  const x509 = new X509Certificate(bytes);
  const tbs = readSequence(x509.raw, 'c').sequence('tbs');
  tbs.optional(0xa0, 'version');
  for (let i = 0; i < 4; i++) tbs.next('x');
  return { subjectDer: tbs.next('subject').encoded, x509 };
}
