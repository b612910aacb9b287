import { createPublicKey, randomInt, sign } from 'node:crypto';
import { resolve } from 'node:path';
import { GateError } from '@pinless-gate/protocol/errors';
import {
  certificatePem,
  issueCaCertificate,
  issueCrl,
  issueHolderCertificate,
  issueResponderCertificate,
  type SigningKey,
  signingKey,
  type Validity,
} from './certificate.ts';
import {
  certifyIso,
  certifyJpki,
  type RequestedCertificates,
  registerInstitution,
  revokeInstitution,
  type TerminalCertificates,
} from './institution.ts';
import { readInstitutionRequest } from './institution-request.ts';
import { CVCA_REFERENCE, DV_REFERENCE, issueCvCertificate, terminalReference } from './iso-ca.ts';
import { type KeyPair, newEcKey, newRsaKey } from './keys.ts';
import { ISSUER_NAME, TEST_ISSUER_NAME } from './names.ts';
import type { OcspResponder } from './ocsp.ts';
import { formatRenewals } from './renewals.ts';
import { formatSerial, INITIAL_STATE, JlisFiles, type JlisState, parseSerial } from './state.ts';
import { issueSurfaceRecord, municipalityKeyId, surfaceCaKeyId } from './surface-ca.ts';
import {
  institutionCode,
  intermediateKeyId,
  issueJpkiCvc,
  type TerminalKey,
  terminalCaKeyId,
} from './terminal-ca.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365.25 * DAY_MS;
const NAME_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const NAME_LENGTH = 24;
/** RFC 5280 5.3.1. */
const SUPERSEDED = 4;
export const CERTIFICATE_HOLD = 6;

export interface HolderOptions {
  readonly publicKeyPem: string;
  /** Hex; the next number otherwise. */
  readonly serial?: string;
  readonly validity?: Validity;
  /** Signed by a CA of the same name that no gate trusts. */
  readonly otherCa?: boolean;
  /** Under the name of the test hierarchy's CA. */
  readonly testHierarchy?: boolean;
}

export interface IssuedCertificate {
  readonly serial: string;
  readonly der: Uint8Array;
  readonly pem: string;
}

export interface IssuedSurface {
  readonly record: Uint8Array;
  readonly signer: Uint8Array;
}

/** A J-LIS in a box: authentication CA, terminal CAs of both profiles, revocation. One process at a time. */
export class Jlis {
  readonly files: JlisFiles;
  #state: JlisState;
  readonly #signers = new Map<string, Promise<SigningKey>>();

  private constructor(files: JlisFiles, state: JlisState) {
    this.files = files;
    this.#state = state;
  }

  /** Makes all keys anew: about a second. */
  static async create(directory: string): Promise<Jlis> {
    const files = new JlisFiles(resolve(directory));
    await files.create();
    const now = Date.now();
    const names = [
      'ca',
      'other-ca',
      'terminal-ca',
      'terminal-intermediate',
      'iso-cvca',
      'iso-dv',
      'surface-ca',
      'surface-signer',
    ];
    const pairs = await Promise.all(names.map(() => newRsaKey()));
    await Promise.all(
      names.map((name, i) => files.write(`${name}-key.pem`, pairs[i]!.privateKeyPem)),
    );
    const [ca, otherCa, terminalCa, intermediate, cvca, dv, surfaceCa, municipality] = pairs as [
      KeyPair,
      KeyPair,
      KeyPair,
      KeyPair,
      KeyPair,
      KeyPair,
      KeyPair,
      KeyPair,
    ];

    const caValidity = years(now, -6, 10);
    for (const [name, pair] of [
      ['ca', ca],
      ['other-ca', otherCa],
    ] as const) {
      const certificate = await issueCaCertificate(
        signingKey(pair.privateKeyPem),
        '01',
        caValidity,
      );
      await files.write(`${name}.pem`, certificatePem(certificate));
    }
    await files.writeJson('terminal-ca.json', terminalKey(terminalCaKeyId(), terminalCa));
    const intermediateKey = terminalKey(intermediateKeyId(), intermediate);
    await files.writeJson('terminal-intermediate.json', intermediateKey);
    const cvcaIssuer = { reference: CVCA_REFERENCE, privateKeyPem: cvca.privateKeyPem };
    const cvcaCertificate = issueCvCertificate(cvcaIssuer, {
      reference: CVCA_REFERENCE,
      role: 'cvca',
      publicKeyPem: cvca.publicKeyPem,
      ...days(now, -1, 3650),
    });
    await files.write('iso-cvca.cvcert', cvcaCertificate);
    const dvCertificate = issueCvCertificate(cvcaIssuer, {
      reference: DV_REFERENCE,
      role: 'dv',
      publicKeyPem: dv.publicKeyPem,
      ...days(now, -1, 1095),
    });
    await files.write('iso-dv.cvcert', dvCertificate);
    const surfaceCaKey = terminalKey(surfaceCaKeyId(), surfaceCa);
    await files.writeJson('surface-ca.json', surfaceCaKey);
    const signerCertificate = issueJpkiCvc(
      { keyId: surfaceCaKey.keyId, privateKeyPem: surfaceCa.privateKeyPem },
      terminalKey(municipalityKeyId(), municipality),
    );
    await files.write('surface-signer.cvc', signerCertificate);

    const jlis = new Jlis(files, INITIAL_STATE);
    await jlis.#remember(INITIAL_STATE);
    await jlis.writeCrl();
    return jlis;
  }

  static async open(directory: string): Promise<Jlis> {
    const files = new JlisFiles(resolve(directory));
    return new Jlis(files, await files.readState());
  }

  /** CV certificates for an institution's public key, whose private half stays where it is: in both layouts. */
  async certifyTerminal(publicKeyPem: string): Promise<TerminalCertificates> {
    const isRsa = keyType(publicKeyPem) === 'rsa';
    const number = this.#state.nextInstitution;
    await this.#remember({ ...this.#state, nextInstitution: number + 1 });
    const iso = await certifyIso(this.files, publicKeyPem, terminalReference(number));
    return isRsa ? { ...(await certifyJpki(this.files, publicKeyPem, number)), ...iso } : iso;
  }

  /** For whoever proves possession, in the layout of the request. One key, one institution code. */
  async certifyRequest(encoded: Uint8Array): Promise<RequestedCertificates> {
    const { publicKeyPem, holderReference: reference } = readInstitutionRequest(encoded);
    const { state, number } = registerInstitution(this.#state, publicKeyPem);
    await this.#remember(state);
    const certificates =
      reference === undefined
        ? await certifyJpki(this.files, publicKeyPem, number)
        : await certifyIso(this.files, publicKeyPem, reference);
    return { code: institutionCode(number), certificates };
  }

  /** Certifies nothing for this institution any more: what it has stays good until it expires, if it has dates. */
  async revokeInstitution(code: string): Promise<void> {
    await this.#remember(revokeInstitution(this.#state, code, new Date().toISOString()));
  }

  async issue(options: HolderOptions): Promise<IssuedCertificate> {
    const [issued] = await this.issueAll([options]);
    return issued!;
  }

  /** Many at once: the state is written once. */
  async issueAll(holders: readonly HolderOptions[]): Promise<IssuedCertificate[]> {
    let next = Number.parseInt(this.#state.nextSerial, 16);
    const numbered = holders.map((holder) => ({
      ...holder,
      serial: holder.serial === undefined ? formatSerial(next++) : parseSerial(holder.serial),
    }));
    await this.#remember({ ...this.#state, nextSerial: formatSerial(next) });
    const defaultValidity = years(Date.now(), -0.1, 4);
    const spkis = new Map<string, Uint8Array>();
    for (const { publicKeyPem } of numbered) {
      if (!spkis.has(publicKeyPem)) spkis.set(publicKeyPem, spkiOf(publicKeyPem));
    }
    return Promise.all(
      numbered.map(async ({ publicKeyPem, serial, validity = defaultValidity, ...from }) => {
        const signer = await this.#signer(from.otherCa ? 'other-ca' : 'ca');
        const spki = spkis.get(publicKeyPem)!;
        const issuerName = from.testHierarchy ? TEST_ISSUER_NAME : ISSUER_NAME;
        const holder = { issuerName, spki, serial, commonName: commonName(), validity };
        const der = await issueHolderCertificate(signer, holder);
        return { serial, der, pem: certificatePem(der) };
      }),
    );
  }

  /** EF 0001 and EF 0004 of a card with this birth date and key. */
  async issueSurface(birthDate: string, publicKeyPem: string): Promise<IssuedSurface> {
    const signerKeyPem = await this.files.text('surface-signer-key.pem');
    return {
      record: issueSurfaceRecord(signerKeyPem, birthDate, publicKeyPem),
      signer: await this.files.octets('surface-signer.cvc'),
    };
  }

  /** Ends a suspension. */
  async release(serial: string): Promise<void> {
    const number = parseSerial(serial);
    const held = this.#state.revoked.find((each) => each.serial === number);
    if (held?.reason !== CERTIFICATE_HOLD) {
      throw new GateError('ERR_JLIS_NOT_HELD', 'this certificate is not on hold');
    }
    const revoked = this.#state.revoked.filter((each) => each !== held);
    await this.#remember({ ...this.#state, revoked });
    await this.writeCrl();
  }

  /** Puts a serial number on the list and publishes a new CRL. `reason` as RFC 5280 5.3.1 numbers them. */
  async revoke(serial: string, reason?: number): Promise<void> {
    const at = new Date().toISOString();
    const entry = { serial: parseSerial(serial), at, ...(reason !== undefined && { reason }) };
    if (this.#state.revoked.some((each) => each.serial === entry.serial)) {
      throw new GateError('ERR_JLIS_REVOKED', 'this certificate is revoked already');
    }
    await this.#remember({ ...this.#state, revoked: [...this.#state.revoked, entry] });
    await this.writeCrl();
  }

  /** `crl.der`, good for a day as the real one. */
  async writeCrl(): Promise<Uint8Array> {
    const now = Date.now();
    const number = this.#state.nextCrl;
    await this.#remember({ ...this.#state, nextCrl: number + 1 });
    const crl = await issueCrl(
      await this.#signer('ca'),
      number,
      this.#state.revoked,
      new Date(now),
      new Date(now + DAY_MS),
    );
    await this.files.write('crl.der', crl);
    return crl;
  }

  get state(): JlisState {
    return this.#state;
  }

  /**
   * Another certificate for the same card, whose old one is revoked as superseded. `linked`: the list of
   * renewals names the new number; otherwise only that there is one.
   */
  async renew(serial: string, publicKeyPem: string, linked = true): Promise<IssuedCertificate> {
    const issued = await this.issue({ publicKeyPem });
    const link = { next: issued.serial, certificate: Buffer.from(issued.der).toString('base64') };
    const entry = {
      serial: parseSerial(serial),
      at: new Date().toISOString(),
      ...(linked && link),
    };
    await this.#remember({ ...this.#state, renewed: [...this.#state.renewed, entry] });
    await this.revoke(serial, SUPERSEDED);
    await this.writeRenewals();
    return issued;
  }

  /** `renewals.ndjson` and its signature, by a key whose public half is `renewal-signer.pem`. */
  async writeRenewals(): Promise<void> {
    const keyPem = await this.files.ownKey('renewal-signer', () => newEcKey('P-256'));
    const spki = createPublicKey(keyPem).export({ format: 'pem', type: 'spki' });
    await this.files.write('renewal-signer.pem', spki as string);
    const text = formatRenewals(this.#state.renewed, new Date());
    await this.files.write('renewals.ndjson', text);
    await this.files.write('renewals.ndjson.sig', sign('sha256', Buffer.from(text), keyPem));
  }

  /** Key and certificate of the OCSP responder, made when it is first wanted. */
  async responder(): Promise<OcspResponder> {
    const ca = await this.#signer('ca');
    const key = signingKey(await this.files.ownKey('ocsp-responder', newRsaKey));
    const validity = years(Date.now(), -0.1, 1);
    const certificate = await issueResponderCertificate(ca, key.spki, validity);
    await this.files.write('ocsp-responder.pem', certificatePem(certificate));
    return { ca, key, certificate };
  }

  /** The CVCA certificate of another country's cards. */
  async foreignCvca(): Promise<Uint8Array> {
    const pair = await newRsaKey();
    const reference = 'JPELSEWHERE00001';
    return issueCvCertificate(
      { reference, privateKeyPem: pair.privateKeyPem },
      { reference, role: 'cvca', publicKeyPem: pair.publicKeyPem, ...days(Date.now(), -1, 3650) },
    );
  }

  #signer(name: 'ca' | 'other-ca'): Promise<SigningKey> {
    let signer = this.#signers.get(name);
    if (!signer) {
      signer = this.files.text(`${name}-key.pem`).then(signingKey);
      this.#signers.set(name, signer);
    }
    return signer;
  }

  async #remember(state: JlisState): Promise<void> {
    this.#state = state;
    await this.files.writeJson('state.json', state);
  }
}

function keyType(publicKeyPem: string): string | undefined {
  try {
    return createPublicKey(publicKeyPem).asymmetricKeyType;
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new GateError('ERR_JLIS_KEY', 'not a public key in PEM', { cause });
  }
}

function spkiOf(publicKeyPem: string): Uint8Array {
  return createPublicKey(publicKeyPem).export({ format: 'der', type: 'spki' });
}

export function years(now: number, from: number, until: number): Validity {
  return { notBefore: new Date(now + from * YEAR_MS), notAfter: new Date(now + until * YEAR_MS) };
}

function days(now: number, from: number, until: number) {
  return { effective: new Date(now + from * DAY_MS), expiry: new Date(now + until * DAY_MS) };
}

function terminalKey(keyId: string, { publicKeyPem }: KeyPair): TerminalKey {
  return { keyId, publicKeyPem };
}

function commonName(): string {
  return Array.from({ length: NAME_LENGTH }, () => NAME_ALPHABET[randomInt(36)]).join('');
}
