import { FormatError } from '../errors.ts';
import {
  checkWellFormed,
  type DerElement,
  DerReader,
  OID,
  readOid,
  readSequence,
  SEQUENCE,
} from './der.ts';
import { OID_QUALIFIER_CPS, OID_QUALIFIER_USER_NOTICE } from './oid.ts';

/** Object identifiers of certificatePolicies (RFC 5280 4.2.1.4): none twice, known qualifiers only. */
export function readPolicies(value: Uint8Array): string[] {
  const policies = readSequence(value, 'policies').rest('policies', 1).map(readPolicy);
  if (new Set(policies).size !== policies.length) {
    throw new FormatError('ERR_DER_POLICY', 'a policy stands twice');
  }
  return policies;
}

function readPolicy({ tag, value }: DerElement): string {
  if (tag !== SEQUENCE) throw new FormatError('ERR_DER_TAG', 'policy is not a sequence');
  const reader = new DerReader(value);
  const policy = readOid(reader.value(OID, 'policy'), 'policy');
  if (!reader.done) {
    for (const qualifier of reader.sequence('qualifiers').rest('qualifiers', 1)) {
      checkQualifier(qualifier);
    }
  }
  reader.end('policy');
  return policy;
}

/** A critical extension must be understood with its qualifiers, so only those of RFC 5280 are let through. */
function checkQualifier({ tag, value }: DerElement): void {
  if (tag !== SEQUENCE) throw new FormatError('ERR_DER_TAG', 'qualifier is not a sequence');
  const reader = new DerReader(value);
  const id = readOid(reader.value(OID, 'qualifier'), 'qualifier');
  if (id === OID_QUALIFIER_CPS) {
    reader.value(0x16, 'CPS pointer');
  } else if (id === OID_QUALIFIER_USER_NOTICE) {
    checkWellFormed(reader.value(SEQUENCE, 'user notice'), 'user notice');
  } else {
    throw new FormatError('ERR_DER_POLICY', 'unknown policy qualifier');
  }
  reader.end('qualifier');
}
