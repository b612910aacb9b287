import { createHash } from 'node:crypto';
import { GateError } from '@pinless-gate/protocol/errors';
import { DV_REFERENCE, issueCvCertificate } from './iso-ca.ts';
import type { JlisFiles, JlisState } from './state.ts';
import {
  institutionCode,
  institutionKeyId,
  issueJpkiCvc,
  type TerminalKey,
} from './terminal-ca.ts';

const DAY_MS = 86_400_000;

/** What an institution gets for its public key: each pair in its layout, the jpki one only for RSA-2048. */
export interface TerminalCertificates {
  readonly intermediate?: Uint8Array;
  readonly institution?: Uint8Array;
  readonly dv: Uint8Array;
  readonly terminal: Uint8Array;
}

/** What a request gave, with the institution's code (特定機関コード). */
export interface RequestedCertificates {
  readonly code: string;
  readonly certificates: Partial<TerminalCertificates>;
}

const FILE_NAMES = {
  intermediate: 'intermediate.cvc',
  institution: 'institution.cvc',
  dv: 'dv.cvcert',
  terminal: 'terminal.cvcert',
} as const;

/** In the order in which cards are given them. */
export function filesOf(
  certificates: Partial<TerminalCertificates>,
): (readonly [name: string, content: Uint8Array])[] {
  return Object.entries(FILE_NAMES).flatMap(([role, name]) => {
    const content = certificates[role as keyof typeof FILE_NAMES];
    return content ? [[name, content] as const] : [];
  });
}

/** The layout of TR-03110, under the name that the institution asked for. */
export async function certifyIso(files: JlisFiles, publicKeyPem: string, reference: string) {
  const now = Date.now();
  const terminal = issueCvCertificate(
    { reference: DV_REFERENCE, privateKeyPem: await files.text('iso-dv-key.pem') },
    {
      reference,
      role: 'terminal',
      publicKeyPem,
      effective: new Date(now - DAY_MS),
      expiry: new Date(now + 365 * DAY_MS),
    },
  );
  return { dv: await files.octets('iso-dv.cvcert'), terminal };
}

/** The layout of JPKI. */
export async function certifyJpki(files: JlisFiles, publicKeyPem: string, number: number) {
  const ca: TerminalKey = JSON.parse(await files.text('terminal-ca.json'));
  const between: TerminalKey = JSON.parse(await files.text('terminal-intermediate.json'));
  const issuer = async (key: TerminalKey, name: string) => ({
    keyId: key.keyId,
    privateKeyPem: await files.text(`${name}-key.pem`),
  });
  return {
    intermediate: issueJpkiCvc(await issuer(ca, 'terminal-ca'), between),
    institution: issueJpkiCvc(await issuer(between, 'terminal-intermediate'), {
      keyId: institutionKeyId(number),
      publicKeyPem,
    }),
  };
}

/** The number of the institution that has this key; a new one for a new key. */
export function registerInstitution(
  state: JlisState,
  publicKeyPem: string,
): { readonly state: JlisState; readonly number: number } {
  const keySha256 = createHash('sha256').update(publicKeyPem).digest('hex');
  const known = state.institutions.find((each) => each.keySha256 === keySha256);
  if (known?.revokedAt !== undefined) {
    const message = `institution ${institutionCode(known.number)} was revoked`;
    throw new GateError('ERR_JLIS_INSTITUTION_REVOKED', message);
  }
  if (known) return { state, number: known.number };
  const number = state.nextInstitution;
  const institutions = [...state.institutions, { number, keySha256 }];
  return { state: { ...state, nextInstitution: number + 1, institutions }, number };
}

export function revokeInstitution(state: JlisState, code: string, at: string): JlisState {
  const found = state.institutions.find(({ number }) => institutionCode(number) === code);
  if (!found) throw new GateError('ERR_JLIS_INSTITUTION', `no institution has the code ${code}`);
  const institutions = state.institutions.map((each) =>
    each === found ? { ...each, revokedAt: each.revokedAt ?? at } : each,
  );
  return { ...state, institutions };
}
