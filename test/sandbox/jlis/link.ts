import { createPublicKey, sign } from 'node:crypto';
import { z } from 'zod';
import { newEcKey } from './keys.ts';
import { readSignatureState } from './signature-ca.ts';
import { type JlisFiles, parseJson } from './state.ts';

/** How an answer about serial numbers can be wrong. */
export const LINK_FAULTS = [
  'other-nonce',
  'other-question',
  'other-signer',
  'unsigned',
  'stale',
  'no-json',
  'huge',
  'error',
] as const;
export type LinkFault = (typeof LINK_FAULTS)[number];

export interface LinkResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const requestSchema = z.strictObject({
  format: z.literal('pinless-gate/serial-link-request/1'),
  nonce: z.string().regex(/^[0-9a-f]{64}$/),
  serial: z.string().regex(/^[0-9a-f]{2,40}$/),
  issuer: z.enum(['jpki-auth', 'jpki-sign']),
});

type LinkRequest = z.infer<typeof requestSchema>;

/** Answers which user-authentication certificate belongs to a number now (docs/sandbox.md), signed. */
export async function answerLink(
  files: JlisFiles,
  body: Uint8Array,
  { now, fault }: { readonly now: number; readonly fault: LinkFault | undefined },
): Promise<LinkResponse> {
  const parsed = requestSchema.safeParse(parseJson(Buffer.from(body).toString('utf8')));
  if (!parsed.success || fault === 'error') {
    return { status: fault === 'error' ? 503 : 400, headers: {}, body: '' };
  }
  const { nonce, serial, issuer } = parsed.data;
  const answer = {
    format: 'pinless-gate/serial-link/1',
    nonce: fault === 'other-nonce' ? '0'.repeat(64) : nonce,
    asked: { serial: fault === 'other-question' ? '01' : serial, issuer },
    issuedAt: new Date(fault === 'stale' ? now - 3_600_000 : now).toISOString(),
    linked: await linkedTo(files, parsed.data),
  };
  const text = fault === 'no-json' ? 'linked' : JSON.stringify(answer);
  const content = fault === 'huge' ? text.padEnd(1_000_000, ' ') : text;
  const key = await signerKey(files, fault);
  const signature = sign('sha256', Buffer.from(content), key).toString('base64');
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      ...(fault !== 'unsigned' && { 'pinless-gate-signature': signature }),
    },
    body: content,
  };
}

/** The key whose public half is `link-signer.pem`. */
export async function signerKey(files: JlisFiles, fault?: LinkFault): Promise<string> {
  if (fault === 'other-signer') return (await newEcKey('P-256')).privateKeyPem;
  const key = await files.ownKey('link-signer', () => newEcKey('P-256'));
  if (!(await files.exists('link-signer.pem'))) {
    const pem = createPublicKey(key).export({ format: 'pem', type: 'spki' });
    await files.write('link-signer.pem', pem as string);
  }
  return key;
}

async function linkedTo(files: JlisFiles, { serial, issuer }: LinkRequest) {
  const { renewed } = await files.readState();
  const link =
    issuer === 'jpki-auth'
      ? { authentication: serial, certificate: undefined }
      : (await readSignatureState(files))?.links.find(({ signature }) =>
          sameNumber(signature, serial),
        );
  if (!link) return null;
  let current: { serial: string; certificate?: string | undefined } = {
    serial: link.authentication,
    certificate: link.certificate,
  };
  for (;;) {
    const step = renewed.find((each) => sameNumber(each.serial, current.serial));
    if (!step) break;
    // There is a new certificate, and nobody says which.
    if (step.next === undefined) return null;
    current = { serial: step.next, certificate: step.certificate };
  }
  return { ...current, serial: canonical(current.serial), issuer: 'jpki-auth' };
}

const sameNumber = (a: string, b: string) => canonical(a) === canonical(b);

/** Without octets of zero in front. */
const canonical = (serial: string) => serial.replace(/^(?:00)+/, '');
