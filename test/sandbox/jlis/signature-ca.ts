import { createPublicKey, randomInt } from 'node:crypto';
import { GateError } from '@pinless-gate/protocol/errors';
import { z } from 'zod';
import {
  authorityKeyIdentifier,
  certificatePem,
  crlDistributionPoint,
  extension,
  issue,
  issueCaCertificate,
  issueCrl,
  keyIdentifier,
  policy,
  type SigningKey,
  signingKey,
  type Validity,
} from './certificate.ts';
import { bitString, context, octetString, oid, sequence, utf8String } from './der.ts';
import { type IssuedCertificate, years } from './jlis.ts';
import { newRsaKey } from './keys.ts';
import {
  MUNICIPALITY_LIST_NAME,
  SERVICE_NAME,
  SIGNATURE_ISSUER_NAME,
  signerName,
} from './names.ts';
import { formatSerial, type JlisFiles, parseJson, parseSerial } from './state.ts';

/** The four items that a signature certificate names its holder by (基本 4 情報). Invented ones, here. */
export interface BasicItems {
  readonly name: string;
  readonly address: string;
  /** YYYYMMDD. */
  readonly birthDate: string;
  /** `1` and `2` are male and female. */
  readonly sex: string;
}

export interface SignerOptions {
  readonly publicKeyPem: string;
  readonly items: BasicItems;
  readonly validity?: Validity;
  /** The user-authentication certificate of the same card, where it has one. */
  readonly authentication?: Pick<IssuedCertificate, 'serial' | 'der'> | undefined;
}

/** Under `1.2.392.200149.8.5.5`, in the order of real certificates. */
const ITEM = {
  name: 1,
  birthDate: 4,
  sex: 3,
  address: 5,
  substitutesOfName: 2,
  substitutesOfAddress: 6,
} as const;
const ITEMS = '1.2.392.200149.8.5.5';
const POLICY_SIGNATURE = '1.2.392.200149.8.5.1.1.20';
const LOCALITIES = ['Tokyo-to', 'Kiyose-shi'];
const FIRST_SERIAL = 0x05000001;
const DAY_MS = 86_400_000;
const STATE_FILE = 'signature-state.json';

const stateSchema = z.strictObject({
  format: z.literal('pinless-gate/jlis-signature/1'),
  nextSerial: z.string().regex(/^[0-9a-f]{8}$/),
  nextCrl: z.int().min(1),
  revoked: z.array(z.strictObject({ serial: z.string(), at: z.string() })),
  /** Which user-authentication certificate a signature certificate was issued with. */
  links: z.array(
    z.strictObject({
      signature: z.string(),
      authentication: z.string(),
      certificate: z.string(),
    }),
  ),
});

export type SignatureState = z.infer<typeof stateSchema>;

/** 署名用認証局: its keys, its state and its list are its own, beside those of user authentication. */
export class SignatureCa {
  readonly #files: JlisFiles;
  readonly #ca: SigningKey;
  #state: SignatureState;

  private constructor(files: JlisFiles, ca: SigningKey, state: SignatureState) {
    this.#files = files;
    this.#ca = ca;
    this.#state = state;
  }

  /** Made when it is first wanted: a J-LIS of an earlier version has none. */
  static async open(files: JlisFiles): Promise<SignatureCa> {
    const ca = signingKey(await files.ownKey('signature-ca', newRsaKey));
    if (await files.exists(STATE_FILE)) {
      return new SignatureCa(files, ca, (await readSignatureState(files))!);
    }
    const validity = years(Date.now(), -6, 10);
    const certificate = await issueCaCertificate(ca, '01', validity, SIGNATURE_ISSUER_NAME);
    await files.write('signature-ca.pem', certificatePem(certificate));
    const made = new SignatureCa(files, ca, {
      format: 'pinless-gate/jlis-signature/1',
      nextSerial: formatSerial(FIRST_SERIAL),
      nextCrl: 1,
      revoked: [],
      links: [],
    });
    await made.writeCrl();
    return made;
  }

  /** A signature certificate (署名用電子証明書). */
  async issue(signer: SignerOptions): Promise<IssuedCertificate> {
    const { publicKeyPem, items, validity = years(Date.now(), -0.1, 4), authentication } = signer;
    const serial = this.#state.nextSerial;
    const spki = createPublicKey(publicKeyPem).export({ format: 'der', type: 'spki' });
    const names = {
      issuer: SIGNATURE_ISSUER_NAME,
      subject: signerName(LOCALITIES, `${Date.now()}${randomInt(10 ** 6)}A`),
    };
    const der = await issue(this.#ca, spki, names, serial, validity, [
      extension('2.5.29.15', bitString(Uint8Array.of(0xc0), 6), true), // with nonRepudiation
      policy(POLICY_SIGNATURE),
      extension('2.5.29.17', sequence(...itemNames(items))),
      extension('2.5.29.18', sequence(context(4, SERVICE_NAME))),
      crlDistributionPoint(MUNICIPALITY_LIST_NAME),
      authorityKeyIdentifier(this.#ca.spki),
      extension('2.5.29.14', octetString(keyIdentifier(spki))),
    ]);
    const link = authentication && {
      signature: serial,
      authentication: authentication.serial,
      certificate: Buffer.from(authentication.der).toString('base64'),
    };
    await this.#remember({
      ...this.#state,
      nextSerial: formatSerial(Number.parseInt(serial, 16) + 1),
      links: [...this.#state.links, ...(link ? [link] : [])],
    });
    return { serial, der, pem: certificatePem(der) };
  }

  async revoke(serial: string): Promise<void> {
    const number = parseSerial(serial);
    if (this.#state.revoked.some((each) => each.serial === number)) {
      throw new GateError('ERR_JLIS_REVOKED', 'this certificate is revoked already');
    }
    const entry = { serial: number, at: new Date().toISOString() };
    await this.#remember({ ...this.#state, revoked: [...this.#state.revoked, entry] });
    await this.writeCrl();
  }

  /** `signature-crl.der`, good for a day. */
  async writeCrl(): Promise<void> {
    const now = Date.now();
    const { nextCrl, revoked } = this.#state;
    await this.#remember({ ...this.#state, nextCrl: nextCrl + 1 });
    const crl = await issueCrl(this.#ca, nextCrl, revoked, new Date(now), new Date(now + DAY_MS), {
      issuer: SIGNATURE_ISSUER_NAME,
      point: MUNICIPALITY_LIST_NAME,
    });
    await this.#files.write('signature-crl.der', crl);
  }

  async #remember(state: SignatureState): Promise<void> {
    this.#state = state;
    await this.#files.writeJson(STATE_FILE, state);
  }
}

/** Undefined where this J-LIS has issued no signature certificate yet. */
export async function readSignatureState(files: JlisFiles): Promise<SignatureState | undefined> {
  if (!(await files.exists(STATE_FILE))) return undefined;
  const state = stateSchema.safeParse(parseJson(await files.text(STATE_FILE)));
  if (state.success) return state.data;
  throw new GateError('ERR_JLIS_STATE', `${files.directory}/${STATE_FILE}: not its state`);
}

/** otherName of subjectAltName: type, and the value as UTF8String. */
function itemNames({ name, address, birthDate, sex }: BasicItems): Uint8Array[] {
  const item = (kind: number, text: string) =>
    context(0, oid(`${ITEMS}.${kind}`), context(0, utf8String(text)));
  return [
    item(ITEM.name, name),
    item(ITEM.birthDate, `${eraDigit(birthDate)}${birthDate}`),
    item(ITEM.sex, sex),
    item(ITEM.address, address),
    // A digit for each character: 0 is one that is written as it is.
    item(ITEM.substitutesOfName, '0'.repeat(name.length)),
    item(ITEM.substitutesOfAddress, '0'.repeat(address.length)),
  ];
}

const ERAS = ['18680125', '19120730', '19261225', '19890108', '20190501'];

/** 1 to 5, from Meiji to Reiwa: it stands before the Gregorian date. */
function eraDigit(birthDate: string): number {
  return ERAS.filter((begins) => birthDate >= begins).length;
}
