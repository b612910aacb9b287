import { createPublicKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fromBase64, fromHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { z } from 'zod';
import { faultSchema } from './fault.ts';
import { IsoCard } from './iso-card.ts';
import { JpkiCard } from './jpki-card.ts';
import { EF_PIN, EF_SIGNATURE_PIN, jpkiFiles } from './jpki-files.ts';
import { cardKey } from './signing.ts';
import { SurfaceApplication } from './surface-application.ts';
import { TwoApplications } from './two-applications.ts';
import { ALL_STEPS, type VirtualCard } from './virtual-card.ts';

export const CARD_FORMAT = 'pinless-gate/card/1';

/** As a contactless reader makes it up for a card of type B (PC/SC part 3, 3.1.3.2.3.2). */
export const CONTACTLESS_ATR = '3b88800100000000338191002a';

const hex = (octets?: number) =>
  z
    .string()
    .regex(/^(?:[0-9a-f]{2})+$/i, 'not hexadecimal')
    .refine((text) => octets === undefined || text.length === 2 * octets, `not ${octets} octets`);
const certificatePem = z
  .string()
  .regex(/^-----BEGIN CERTIFICATE-----\n/, 'not a certificate in PEM');
const privateKeyPem = z.string().regex(/^-----BEGIN PRIVATE KEY-----\n/, 'not a PKCS#8 key in PEM');
export const SIGNATURE_PASSWORD = /^[A-Z0-9]{6,16}$/;

const common = {
  format: z.literal(CARD_FORMAT),
  scenario: z.string(),
  /** The user-authentication certificate; absent on a card without one. */
  certificatePem: certificatePem.optional(),
  /** PKCS#8. The key the card signs with: not the certificate's where the card is a clone. */
  privateKeyPem,
  caCertificatePem: certificatePem,
  atr: hex().optional(),
  /** As `--timing`; the command line wins. */
  timing: z.string().optional(),
  faults: z.array(faultSchema).optional(),
  removeAfterStep: z.enum(ALL_STEPS).optional(),
  /** The application is not on this card. */
  foreign: z.boolean().optional(),
  /** Every EXTERNAL AUTHENTICATE fails. */
  refusesTerminal: z.boolean().optional(),
};

const cardFileSchema = z.discriminatedUnion('profile', [
  z.strictObject({
    ...common,
    profile: z.literal('jpki'),
    label: z.string().max(32),
    /** The key in EF 0016. */
    terminalCa: z.strictObject({ keyId: hex(16), publicKeyPem: z.string() }),
    pin: z.string().regex(/^\d{4}$/, 'not four digits'),
    /** Of three. */
    pinTriesLeft: z.int().min(0).max(3).optional(),
    certificateNeedsPin: z.boolean().optional(),
    lastCommandIndicator: z.boolean().optional(),
    /** Of 署名用: certificate, its CA's, key and password; absent on the cards of children. */
    signature: z
      .strictObject({
        certificatePem,
        caCertificatePem: certificatePem,
        privateKeyPem,
        password: z.string().regex(SIGNATURE_PASSWORD, 'not 6 to 16 capital letters and digits'),
        triesLeft: z.int().min(0).max(5).optional(),
      })
      .optional(),
    /** The card-surface check application; absent on a card that nobody taps by `kazashi`. */
    surface: z
      .strictObject({
        /** EF 0001 and EF 0004. */
        record: z.base64(),
        signer: z.base64(),
        privateKeyPem,
        reference: z.string().regex(/^\d{6}$/, 'not six digits'),
        triesLeft: z.int().min(0).max(10).optional(),
        acceptsAnyReference: z.boolean().optional(),
      })
      .optional(),
  }),
  z.strictObject({
    ...common,
    profile: z.literal('iso'),
    /** The country's own CV certificate in base64, as it was put into the card. */
    terminalCa: z.strictObject({ cvcert: z.base64() }),
    /** The card's idea of today, which accepted certificates move forward. */
    date: z.iso.date(),
  }),
]);

export type CardFile = z.infer<typeof cardFileSchema>;
export type JpkiCardFile = Extract<CardFile, { profile: 'jpki' }>;

/** A card file that cannot be used. The message names file and field. */
export class CardFileError extends GateError {}

export async function readCardFile(path: string): Promise<CardFile> {
  const text = await readFile(path, 'utf8');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new CardFileError('ERR_CARD_FILE', `${path}: not JSON`, { cause });
  }
  return parseCardFile(content, path);
}

export function parseCardFile(content: unknown, name = 'card'): CardFile {
  const result = cardFileSchema.safeParse(content);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const key = [...issue.path, ...(unknown === undefined ? [] : [unknown])].join('.') || 'file';
  const why = unknown === undefined ? issue.message.toLowerCase() : 'unknown key';
  throw new CardFileError('ERR_CARD_FILE', `${name}: ${key}: ${why}`);
}

/** A fresh card, as it left the factory: all counters full. `ERR_CARD_FILE` for keys that are none. */
export function cardFromFile(file: CardFile): VirtualCard {
  try {
    return buildCard(file);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const message = 'card: a key or certificate in the file cannot be used';
    throw new CardFileError('ERR_CARD_FILE', message, { cause });
  }
}

function buildCard(file: CardFile): VirtualCard {
  const certificate = file.certificatePem && derOf(file.certificatePem);
  const shared = {
    atr: fromHex(file.atr ?? CONTACTLESS_ATR),
    key: cardKey(file.privateKeyPem),
    foreign: file.foreign ?? false,
    refusesTerminal: file.refusesTerminal ?? false,
  };
  if (file.profile === 'iso') {
    return new IsoCard({
      ...shared,
      ...(certificate && { certificate }),
      cvca: fromBase64(file.terminalCa.cvcert),
      date: file.date,
    });
  }
  const { signature } = file;
  const jpki = new JpkiCard({
    ...shared,
    files: jpkiFiles({
      label: file.label,
      ...(certificate && { certificate }),
      caCertificate: derOf(file.caCertificatePem),
      ...(signature && {
        signatureCertificate: derOf(signature.certificatePem),
        signatureCaCertificate: derOf(signature.caCertificatePem),
      }),
      certificateNeedsPin: file.certificateNeedsPin ?? false,
    }),
    terminalCa: {
      keyId: fromHex(file.terminalCa.keyId),
      key: createPublicKey(file.terminalCa.publicKeyPem),
    },
    pins: [
      { file: EF_PIN, value: file.pin, tries: file.pinTriesLeft ?? 3 },
      // Where there is no signature key its password is unknown to everybody, but it counts.
      { file: EF_SIGNATURE_PIN, value: signature?.password, tries: signature?.triesLeft ?? 5 },
    ],
    ...(signature && { signatureKey: cardKey(signature.privateKeyPem) }),
    lastCommandIndicator: file.lastCommandIndicator ?? false,
  });
  return file.surface ? new TwoApplications(jpki, surfaceOf(file.surface)) : jpki;
}

function surfaceOf(surface: NonNullable<JpkiCardFile['surface']>): SurfaceApplication {
  const { record, signer, privateKeyPem, reference, triesLeft, acceptsAnyReference } = surface;
  return new SurfaceApplication({
    record: fromBase64(record),
    signer: fromBase64(signer),
    key: cardKey(privateKeyPem),
    reference,
    ...(triesLeft !== undefined && { triesLeft }),
    ...(acceptsAnyReference !== undefined && { acceptsAnyReference }),
  });
}

function derOf(pem: string): Uint8Array {
  return new X509Certificate(pem).raw;
}
