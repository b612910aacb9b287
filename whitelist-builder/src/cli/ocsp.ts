import { parseArgs } from 'node:util';
import { fromHex } from '@pinless-gate/protocol/bytes';
import type { TrustAnchor } from '@pinless-gate/protocol/certificate/anchors';
import { MAX_CERTIFICATE_LENGTH } from '@pinless-gate/protocol/certificate/certificate';
import { type Crl, verifyCrl } from '@pinless-gate/protocol/certificate/crl';
import { MAX_CRL_LENGTH } from '@pinless-gate/protocol/certificate/crl-parser';
import type { CertificateReason } from '@pinless-gate/protocol/certificate/error';
import {
  DEFAULT_OCSP_MAX_AGE_S,
  type OcspOptions,
  type OcspTarget,
  verifyOcspResponse,
} from '@pinless-gate/protocol/certificate/ocsp';
import { OCSP_REASON_TEXT } from '@pinless-gate/protocol/certificate/ocsp-reason';
import {
  type CertIdHash,
  OCSP_NONCE_LENGTH,
} from '@pinless-gate/protocol/certificate/ocsp-request';
import { MAX_OCSP_LENGTH, type OcspStatus } from '@pinless-gate/protocol/certificate/ocsp-response';
import { GENERIC_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { derOf } from '@pinless-gate/protocol/pem';
import { readAnchorFiles } from '@pinless-gate/runtime/anchor-files';
import { readInputFile, shownPath } from '@pinless-gate/runtime/input-file';
import {
  type Command,
  EXIT_OK,
  EXIT_REFUSED,
  type Io,
  UsageError,
} from '@pinless-gate/runtime/program';
import { timeOrNow } from '@pinless-gate/runtime/time';
import { askResponder, type OcspResult } from '../validity/ocsp.ts';
import { isResponderUrl } from '../validity/ocsp-client.ts';
import { required, wholeNumber } from './options.ts';

const MAX_CERTIFICATE_FILE = 4 * MAX_CERTIFICATE_LENGTH;
const MAX_AGE_HOURS = 100_000;
const MAX_TIMEOUT_S = 600;

const SHARED = {
  anchor: { type: 'string', multiple: true, default: [] as string[] },
  cert: { type: 'string', multiple: true, default: [] as string[] },
  crl: { type: 'string', multiple: true, default: [] as string[] },
  'max-age': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** `whitelist ocsp verify`: what a response that lies in a file says of one certificate. */
export const ocspVerifyCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...SHARED,
      response: { type: 'string' },
      nonce: { type: 'string' },
      at: { type: 'string' },
    },
  });
  required(values.anchor[0], '--anchor');
  const response = required(values.response, '--response');
  const file = required(values.cert[0], '--cert');
  if (values.cert.length > 1) throw new UsageError('a response is about one certificate');
  const at = timeOrNow(values.at, '--at');
  const given = { ...ageOf(values['max-age']), nonce: nonceOf(values.nonce) };
  const anchors = await readAnchorFiles(values.anchor);
  const options = { ...given, crls: await readLists(values.crl, anchors, at, io) };
  const good = await tell(file, { anchors, at, json: values.json }, io, async (target) => {
    const input = await readInputFile(response, MAX_OCSP_LENGTH);
    if ('reason' in input) return { ok: false, reason: input.reason };
    return verifyOcspResponse(input.bytes, target, at, options);
  });
  return good ? EXIT_OK : EXIT_REFUSED;
};

/** `whitelist ocsp check`: asks a responder about each certificate. Exit code 0 only if all are good. */
export const ocspCheckCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...SHARED,
      url: { type: 'string' },
      hash: { type: 'string', default: 'sha1' },
      'without-nonce': { type: 'string' },
      timeout: { type: 'string', default: '10' },
    },
  });
  required(values.anchor[0], '--anchor');
  required(values.cert[0], '--cert');
  const url = required(values.url, '--url');
  if (!isResponderUrl(url)) throw new UsageError('--url is no http or https address');
  const hash = hashOf(values.hash);
  const timeoutMs = 1000 * wholeNumber(values.timeout, '--timeout', 1, MAX_TIMEOUT_S);
  const given = { ...ageOf(values['max-age']), ...freshnessOf(values['without-nonce']) };
  const anchors = await readAnchorFiles(values.anchor);
  const options = { ...given, crls: await readLists(values.crl, anchors, Date.now(), io) };
  let good = true;
  for (const file of [...values.cert, ...positionals]) {
    const question = { anchors, at: Date.now(), json: values.json };
    const asking = { url, hash, timeoutMs, options, signal: io.signal };
    good = (await tell(file, question, io, (one) => askResponder(one, asking, Date.now))) && good;
  }
  return good ? EXIT_OK : EXIT_REFUSED;
};

/** Lists that clear a responder without nocheck; one that does not hold clears nobody, and is told. */
async function readLists(
  files: readonly string[],
  anchors: readonly TrustAnchor[],
  at: number,
  io: Io,
): Promise<Crl[]> {
  const crls: Crl[] = [];
  for (const file of files) {
    const input = await readInputFile(file, 1.5 * MAX_CRL_LENGTH);
    const verdict =
      'bytes' in input ? verifyCrl(derOf(input.bytes, 'X509 CRL'), anchors, at) : input;
    if ('crl' in verdict) crls.push(verdict.crl);
    else io.err(`${shownPath(file)}: not used (${verdict.reason})`);
  }
  return crls;
}

function ageOf(text: string | undefined): OcspOptions {
  const hours = text === undefined ? undefined : wholeNumber(text, '--max-age', 1, MAX_AGE_HOURS);
  return { maxAgeS: hours === undefined ? DEFAULT_OCSP_MAX_AGE_S : 3600 * hours };
}

/** Seconds for which a response without the nonce is taken. */
function freshnessOf(text: string | undefined): OcspOptions {
  if (text === undefined) return {};
  return { withoutNonceS: wholeNumber(text, '--without-nonce', 1, DEFAULT_OCSP_MAX_AGE_S) };
}

function nonceOf(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(text) || text.length > 2 * OCSP_NONCE_LENGTH) {
    throw new UsageError(`--nonce is 1 to ${OCSP_NONCE_LENGTH} octets in hex`);
  }
  return fromHex(text);
}

function hashOf(text: string): CertIdHash {
  if (text !== 'sha1' && text !== 'sha256') throw new UsageError('--hash is sha1 or sha256');
  return text;
}

type Result = OcspResult | { readonly ok: false; readonly reason: 'unreadable' | 'too-long' };
type Answer =
  | { readonly status: OcspStatus; readonly thisUpdate: string; readonly nextUpdate?: string }
  | {
      readonly status: 'unknown';
      readonly reason: CertificateReason | Exclude<Result, { ok: true }>['reason'];
      readonly of: 'certificate' | 'response';
    };

interface Question {
  readonly anchors: readonly TrustAnchor[];
  readonly at: number;
  readonly json: boolean;
}

/** One line about one certificate; true where it is good. */
async function tell(
  file: string,
  { anchors, at, json }: Question,
  io: Io,
  ask: (target: OcspTarget) => Promise<Result>,
): Promise<boolean> {
  const answer = await answerFor(file, anchors, at, ask);
  const good = answer.status === 'good';
  io.out(
    json ? JSON.stringify({ file, ok: good, ...answer }) : `${shownPath(file)}: ${line(answer)}`,
  );
  return good;
}

/** Without a proven certificate and a fresh, signed answer about it, the status is `unknown`. */
async function answerFor(
  file: string,
  anchors: readonly TrustAnchor[],
  at: number,
  ask: (target: OcspTarget) => Promise<Result>,
): Promise<Answer> {
  const input = await readInputFile(file, MAX_CERTIFICATE_FILE);
  if ('reason' in input) return { status: 'unknown', reason: input.reason, of: 'certificate' };
  const der = derOf(input.bytes, 'CERTIFICATE');
  const verdict = verifyUserCertificate(der, anchors, at, GENERIC_PROFILE);
  if (!verdict.ok) return { status: 'unknown', reason: verdict.reason, of: 'certificate' };
  const result = await ask(verdict.certificate);
  if (!result.ok) return { status: 'unknown', reason: result.reason, of: 'response' };
  const { status, thisUpdate, nextUpdate } = result.answer;
  const iso = (seconds: number) => new Date(1000 * seconds).toISOString();
  return {
    status,
    thisUpdate: iso(thisUpdate),
    ...(nextUpdate !== undefined && { nextUpdate: iso(nextUpdate) }),
  };
}

function line(answer: Answer): string {
  if (!('reason' in answer)) return answer.status;
  const { status, reason, of } = answer;
  const text: string | undefined =
    of === 'response' ? (OCSP_REASON_TEXT as Record<string, string>)[reason] : undefined;
  return `${status} (${of}: ${reason}${text === undefined ? '' : `, ${text}`})`;
}
