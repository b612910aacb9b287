import { parseArgs } from 'node:util';
import {
  type CvAnchor,
  type CvIssuer,
  checkAnchorDates,
  issuerOf,
  type JpkiCvcAnchor,
  verifyCvLink,
  verifyJpkiCvcLink,
} from '@pinless-gate/protocol/cvc/chain';
import { CvcError } from '@pinless-gate/protocol/cvc/error';
import { decodeJpkiCvc, type JpkiCvc, sameKeyId } from '@pinless-gate/protocol/cvc/jpki';
import { decodeJpkiRequest, verifyJpkiRequest } from '@pinless-gate/protocol/cvc/jpki-request';
import { type CvcReason, cvcReason } from '@pinless-gate/protocol/cvc/reason';
import {
  type CvRequest,
  decodeCvAuthentication,
  decodeCvRequest,
  verifyCvAuthentication,
  verifyCvRequest,
} from '@pinless-gate/protocol/cvc/request';
import { type CvCertificate, decodeCvCertificate } from '@pinless-gate/protocol/cvc/tr03110';
import { GateError } from '@pinless-gate/protocol/errors';
import { shownPath } from '@pinless-gate/runtime/input-file';
import { type Command, EXIT_OK, EXIT_REFUSED, UsageError } from '@pinless-gate/runtime/program';
import { timeOrNow } from '@pinless-gate/runtime/time';
import { type CvcAnchors, readCvcAnchors } from './cvc-anchor.ts';
import { type CvcFile, type CvcKind, readCvcFile } from './cvc-file.ts';

/**
 * `hsm cvc verify`: every file under the anchors and the certificates before it, as a card would be given them.
 * Exit code 0 only if all are ok.
 */
export const cvcVerifyCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      anchor: { type: 'string', multiple: true, default: [] },
      at: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  if (positionals.length === 0) throw new UsageError('which CV certificates? name their files');
  const at = Math.floor(timeOrNow(values.at, '--at') / 1000);
  const files = await Promise.all(positionals.map(readCvcFile));
  // A request without an outer signature is signed by its own key and by nobody else.
  const alone = files.every((file) => 'kind' in file && file.kind === 'request');
  if (values.anchor.length === 0 && !alone) {
    throw new UsageError('--anchor is missing', 'for instance: --anchor cvca.cvcert');
  }
  const verifier = new CvcVerifier(await readCvcAnchors(values.anchor), at);
  let refused = 0;
  for (const [i, path] of positionals.entries()) {
    const verdict = verifier.verify(files[i]!);
    if (!verdict.ok) refused += 1;
    if (values.json) io.out(JSON.stringify({ file: path, ...verdict }));
    else io.out(`${shownPath(path)}: ${verdict.ok ? okLine(verdict) : verdict.reason}`);
  }
  return refused === 0 ? EXIT_OK : EXIT_REFUSED;
};

interface Proven {
  readonly kind: 'certificate' | 'request';
  /** Of a request: the reference of the key of its outer signature, if it has one. */
  readonly vouchedBy?: string;
}
type Verdict =
  | ({ readonly ok: true } & Proven)
  | { readonly ok: false; readonly reason: CvcReason | 'unreadable' | 'too-long' };

/** That a request holds says less than that a certificate does. */
function okLine({ kind, vouchedBy }: Proven): string {
  if (kind === 'certificate') return 'ok';
  return vouchedBy === undefined ? 'ok (request, its own key)' : `ok (request, by ${vouchedBy})`;
}

/** Knows what it has proven so far. */
class CvcVerifier {
  readonly #at: number;
  readonly #jpki: JpkiCvcAnchor[];
  readonly #anchors: readonly CvAnchor[];
  readonly #issuers: CvIssuer[] = [];

  constructor({ jpki, tr03110 }: CvcAnchors, at: number) {
    this.#at = at;
    this.#jpki = [...jpki];
    this.#anchors = tr03110;
  }

  verify(file: CvcFile): Verdict {
    if ('reason' in file) return { ok: false, reason: file.reason };
    try {
      return { ok: true, ...this.#prove(file) };
    } catch (error) {
      return { ok: false, reason: cvcReason(error) };
    }
  }

  #prove({ kind, encoded }: { kind: CvcKind; encoded: Uint8Array }): Proven {
    if (kind === 'jpki') return this.#proveJpki(decodeJpkiCvc(encoded));
    if (kind === 'jpki-request') {
      verifyJpkiRequest(decodeJpkiRequest(encoded));
      return { kind: 'request' };
    }
    if (kind === 'certificate') return this.#proveCertificate(decodeCvCertificate(encoded));
    if (kind === 'authentication') return this.#proveAuthentication(encoded);
    const request = decodeCvRequest(encoded);
    this.#proveRequest(request, request.authorityReference);
    return { kind: 'request' };
  }

  #proveJpki(cvc: JpkiCvc): Proven {
    const issuers = this.#jpki.filter(({ keyId }) => sameKeyId(cvc.issuerKeyId, keyId));
    this.#jpki.push(firstOf(issuers, (issuer) => verifyJpkiCvcLink(issuer, cvc)));
    return { kind: 'certificate' };
  }

  #proveCertificate(certificate: CvCertificate): Proven {
    const issuers = this.#named(certificate.authorityReference);
    const link = (issuer: () => CvIssuer) => verifyCvLink(issuer(), certificate, this.#at);
    this.#issuers.push(firstOf(issuers, link));
    return { kind: 'certificate' };
  }

  #proveAuthentication(encoded: Uint8Array): Proven {
    const authentication = decodeCvAuthentication(encoded);
    const { authorityReference } = authentication;
    const request = decodeCvRequest(authentication.request);
    firstOf(this.#named(authorityReference), (issuer) =>
      verifyCvAuthentication(authentication, issuer().key),
    );
    this.#proveRequest(request, authorityReference);
    return { kind: 'request', vouchedBy: authorityReference };
  }

  /** `reference` names the key whose domain parameters a bare point is on. */
  #proveRequest(request: CvRequest, reference: string | undefined): void {
    if (!('point' in request.publicKey) || reference === undefined) verifyCvRequest(request);
    else firstOf(this.#named(reference), (issuer) => verifyCvRequest(request, issuer().key));
  }

  /** Those that are proven, and the anchors, which have dates of their own. */
  #named(reference: string): readonly (() => CvIssuer)[] {
    const proven = this.#issuers.filter((issuer) => issuer.reference === reference);
    const anchors = this.#anchors.filter(({ holderReference }) => holderReference === reference);
    const fromAnchor = (anchor: CvAnchor) => () => {
      checkAnchorDates(anchor, this.#at);
      return issuerOf(anchor);
    };
    return [...anchors.map(fromAnchor), ...proven.map((issuer) => () => issuer)];
  }
}

/** Keys may share a name: the first with which it goes well, or else the error of the last. */
function firstOf<C, R>(candidates: readonly C[], attempt: (candidate: C) => R): R {
  let last: unknown = new CvcError('ERR_CVC_ISSUER', 'names a key that is not proven');
  for (const candidate of candidates) {
    try {
      return attempt(candidate);
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      last = error;
    }
  }
  throw last;
}
