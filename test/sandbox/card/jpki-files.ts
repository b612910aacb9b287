import { concat, EMPTY, fromHex, utf8 } from '@pinless-gate/protocol/bytes';

/** File ids of the JPKI application (jpki-facts 1.2). The short EF id is the low five bits. */
export const EF_SIGNATURE_CERTIFICATE = 0x0001;
export const EF_SIGNATURE_CA = 0x0002;
export const EF_TOKEN_INFO = 0x0006;
export const EF_PRESENCE = 0x0008;
export const EF_CERTIFICATE = 0x000a;
export const EF_CERTIFICATE_CA = 0x000b;
export const EF_TERMINAL_CA_KEY = 0x0016;
export const EF_PRIVATE_KEY = 0x0017;
export const EF_PIN = 0x0018;
export const EF_SIGNATURE_KEY = 0x001a;
export const EF_SIGNATURE_PIN = 0x001b;

/** Who may read a file: anyone, who verified a PIN, nobody. */
export type ReadAccess = 'free' | { readonly pin: number } | 'never';

export type JpkiFile =
  | { readonly kind: 'data'; readonly content: Uint8Array; readonly read: ReadAccess }
  | { readonly kind: 'private-key'; readonly pin: number }
  | { readonly kind: 'pin' }
  | { readonly kind: 'terminal-ca-key' }
  | { readonly kind: 'unknown' };

export interface JpkiContent {
  /** Of the token: tells plastic cards and phones apart. */
  readonly label: string;
  /** DER; without it EF 000A is absent and EF 0008 says so. */
  readonly certificate?: Uint8Array;
  readonly caCertificate: Uint8Array;
  /** DER; without it EF 0001 is empty and EF 0008 says so. */
  readonly signatureCertificate?: Uint8Array;
  readonly signatureCaCertificate?: Uint8Array;
  /** Phones ask for the PIN before they give the certificate away; plastic cards do not. */
  readonly certificateNeedsPin: boolean;
}

export function jpkiFiles(content: JpkiContent): ReadonlyMap<number, JpkiFile> {
  const { label, certificate, caCertificate, certificateNeedsPin } = content;
  const { signatureCertificate = EMPTY, signatureCaCertificate = caCertificate } = content;
  const present = (octets: Uint8Array | undefined) => (octets?.length ? 0x8f : 0x00);
  const data = (octets: Uint8Array, read: ReadAccess = 'free'): JpkiFile => ({
    kind: 'data',
    content: octets,
    read,
  });
  const files = new Map<number, JpkiFile>([
    // A holder without a signature certificate, as anyone under 15: present, closed and empty.
    [EF_SIGNATURE_CERTIFICATE, data(signatureCertificate, { pin: EF_SIGNATURE_PIN })],
    [EF_SIGNATURE_CA, data(signatureCaCertificate)],
    [0x0005, { kind: 'unknown' }],
    [EF_TOKEN_INFO, data(tokenInfo(label))],
    [EF_PRESENCE, data(Uint8Array.of(present(signatureCertificate), present(certificate), 0x00))],
    [0x0009, data(EMPTY, 'never')],
    [EF_CERTIFICATE_CA, data(caCertificate)],
    [0x0010, { kind: 'unknown' }],
    [EF_TERMINAL_CA_KEY, { kind: 'terminal-ca-key' }],
    [EF_PRIVATE_KEY, { kind: 'private-key', pin: EF_PIN }],
    [EF_PIN, { kind: 'pin' }],
    [0x0019, { kind: 'unknown' }],
    [EF_SIGNATURE_KEY, { kind: 'private-key', pin: EF_SIGNATURE_PIN }],
    [EF_SIGNATURE_PIN, { kind: 'pin' }],
    [0x001c, { kind: 'unknown' }],
    [0x001e, { kind: 'unknown' }],
  ]);
  if (certificate) {
    const read = certificateNeedsPin ? { pin: EF_PIN } : 'free';
    files.set(EF_CERTIFICATE, data(certificate, read));
  }
  return files;
}

/** 160 octets of CK_TOKEN_INFO (PKCS#11 3.2) with big-endian numbers of four octets (jpki-facts 1.2). */
function tokenInfo(label: string): Uint8Array {
  const padded = (text: string, length: number) => utf8(text.padEnd(length, ' '));
  const flags = fromHex('0000040d'); // RNG, login required, user PIN set, token initialised
  const unavailable = new Uint8Array(4 * 10).fill(0xff);
  return concat(
    padded(label, 32),
    padded('pinless-gate sandbox', 32),
    padded('virtual card', 16),
    padded('', 16),
    flags,
    unavailable,
    fromHex('01000100'),
    padded('', 16),
  );
}
