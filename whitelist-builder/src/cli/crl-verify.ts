import { parseArgs } from 'node:util';
import type { TrustAnchor } from '@pinless-gate/protocol/certificate/anchors';
import { MAX_CERTIFICATE_LENGTH } from '@pinless-gate/protocol/certificate/certificate';
import {
  type Crl,
  type CrlReason,
  revocationStatus,
  verifyCrl,
} from '@pinless-gate/protocol/certificate/crl';
import { MAX_CRL_LENGTH } from '@pinless-gate/protocol/certificate/crl-parser';
import type { CertificateReason } from '@pinless-gate/protocol/certificate/error';
import { GENERIC_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { derOf } from '@pinless-gate/protocol/pem';
import { readAnchorFiles } from '@pinless-gate/runtime/anchor-files';
import { readInputFile, shownPath } from '@pinless-gate/runtime/input-file';
import { type Command, EXIT_OK, EXIT_REFUSED } from '@pinless-gate/runtime/program';
import { timeOrNow } from '@pinless-gate/runtime/time';
import { required, wholeNumber } from './options.ts';

/** A certificate in PEM, with the text that some tools put before it; a list in PEM. */
const MAX_CERTIFICATE_FILE = 4 * MAX_CERTIFICATE_LENGTH;
const MAX_CRL_FILE = 1.5 * MAX_CRL_LENGTH;
const MAX_AGE_HOURS = 100_000;

/** `whitelist crl verify`: what the lists say of each certificate. Exit code 0 only if all are good. */
export const crlVerifyCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      anchor: { type: 'string', multiple: true, default: [] },
      crl: { type: 'string', multiple: true, default: [] },
      cert: { type: 'string', multiple: true, default: [] },
      'allow-test-anchor': { type: 'boolean', default: false },
      at: { type: 'string' },
      'max-age': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  required(values.anchor[0], '--anchor');
  required(values.crl[0], '--crl');
  required(values.cert[0], '--cert');
  const at = timeOrNow(values.at, '--at');
  const maxAge = values['max-age'];
  const options =
    maxAge === undefined
      ? {}
      : { maxAgeS: 3600 * wholeNumber(maxAge, '--max-age', 1, MAX_AGE_HOURS) };

  const anchors = await readAnchorFiles(values.anchor, {
    allowTest: values['allow-test-anchor'],
  });
  const lists: List[] = [];
  for (const file of values.crl) {
    const list = await readList(file, (der) => verifyCrl(der, anchors, at, options));
    if ('reason' in list) io.err(`${shownPath(file)}: not used (${list.reason})`);
    lists.push(list);
  }
  let good = true;
  for (const file of [...values.cert, ...positionals]) {
    const answer = await answerFor(file, { anchors, lists, at });
    if (answer.status !== 'good') good = false;
    if (values.json) io.out(JSON.stringify({ file, ok: answer.status === 'good', ...answer }));
    else io.out(`${shownPath(file)}: ${line(answer)}`);
  }
  return good ? EXIT_OK : EXIT_REFUSED;
};

type FileReason = 'unreadable' | 'too-long';
type List = { readonly file: string } & (
  | { readonly crl: Crl }
  | { readonly reason: CrlReason | FileReason }
);

async function readList(
  file: string,
  verify: (der: Uint8Array) => ReturnType<typeof verifyCrl>,
): Promise<List> {
  const input = await readInputFile(file, MAX_CRL_FILE);
  if ('reason' in input) return { file, reason: input.reason };
  const verdict = verify(derOf(input.bytes, 'X509 CRL'));
  return verdict.ok ? { file, crl: verdict.crl } : { file, reason: verdict.reason };
}

type Answer =
  | { readonly status: 'good' | 'revoked' }
  | {
      readonly status: 'unknown';
      /** Of the certificate, or of the first list that was not used, or that no list speaks of it. */
      readonly reason: CertificateReason | CrlReason | FileReason | 'not-covered';
      readonly of?: 'certificate' | 'crl';
      readonly crl?: string;
    };

interface Question {
  readonly anchors: readonly TrustAnchor[];
  readonly lists: readonly List[];
  readonly at: number;
}

/** Without a proven certificate and a fresh, signed list that speaks of it, the answer is `unknown`. */
async function answerFor(file: string, { anchors, lists, at }: Question): Promise<Answer> {
  const input = await readInputFile(file, MAX_CERTIFICATE_FILE);
  if ('reason' in input) return { status: 'unknown', reason: input.reason, of: 'certificate' };
  const der = derOf(input.bytes, 'CERTIFICATE');
  const verdict = verifyUserCertificate(der, anchors, at, GENERIC_PROFILE);
  if (!verdict.ok) return { status: 'unknown', reason: verdict.reason, of: 'certificate' };
  const crls = lists.flatMap((list) => ('crl' in list ? [list.crl] : []));
  const status = revocationStatus(crls, verdict.certificate);
  if (status !== 'unknown') return { status };
  for (const list of lists) {
    if ('reason' in list) return { status, reason: list.reason, of: 'crl', crl: list.file };
  }
  return { status, reason: 'not-covered' };
}

function line(answer: Answer): string {
  if (answer.status !== 'unknown') return answer.status;
  const { reason, of, crl } = answer;
  if (of === undefined) return `unknown (${reason})`;
  return `unknown (${crl === undefined ? of : shownPath(crl)}: ${reason})`;
}
