import { equal, toHex } from '@pinless-gate/protocol/bytes';
import {
  type CvAnchor,
  issuerOf,
  type JpkiCvcAnchor,
  verifyCvChain,
  verifyCvLink,
  verifyJpkiCvcChain,
  verifyJpkiCvcLink,
} from '@pinless-gate/protocol/cvc/chain';
import { decodeJpkiCvc } from '@pinless-gate/protocol/cvc/jpki';
import { decodeCvCertificate } from '@pinless-gate/protocol/cvc/tr03110';
import { GateError } from '@pinless-gate/protocol/errors';
import type { RsaPublicKey } from '@pinless-gate/protocol/public-key';
import { HsmError } from '../key-store.ts';

/** A CV certificate as handed over: its file's name and its octets. */
export interface HandedCvc {
  readonly name: string;
  readonly encoded: Uint8Array;
}

/** What a chain says once it is proven up to its anchor. */
export interface InstitutionChain {
  /** Seven digits of the key id, or the holder reference: who J-LIS says the institution is. */
  readonly holder: string;
  /** Last day on which every certificate is good, Unix seconds of its midnight; the layout of JPKI has no dates. */
  readonly expiry?: number | undefined;
}

/** One certificate of either layout, by what chains go by. */
interface Link {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly spki: Uint8Array | undefined;
}

/** The layout of the JPKI card. Every way to be wrong has its own code. */
export function checkJpkiChain(
  anchors: readonly JpkiCvcAnchor[],
  files: readonly HandedCvc[],
  publicKey: RsaPublicKey,
): InstitutionChain {
  const chain = files.map(({ encoded }) => decodeJpkiCvc(encoded));
  const links = chain.map(({ issuerKeyId, subjectKeyId, publicKey: { spki } }, i) => ({
    name: files[i]!.name,
    issuer: toHex(issuerKeyId),
    subject: toHex(subjectKeyId),
    spki,
  }));
  const anchor = anchorOf(anchors, (each) => toHex(each.keyId), links);
  checkOrder(links, publicKey);
  checkAnchor(() => verifyJpkiCvcLink(anchor, chain[0]!));
  const last = verifyJpkiCvcChain(anchor, chain);
  checkKey(links.at(-1)!, publicKey);
  return { holder: Buffer.from(last.subjectKeyId.subarray(0, 7)).toString('latin1') };
}

/** The layout of TR-03110. `at`: Unix seconds. */
export function checkTr03110Chain(
  anchors: readonly CvAnchor[],
  files: readonly HandedCvc[],
  publicKey: RsaPublicKey,
  at: number,
): InstitutionChain {
  const chain = files.map(({ encoded }) => decodeCvCertificate(encoded));
  const links = chain.map(({ authorityReference, holderReference, publicKey: key }, i) => ({
    name: files[i]!.name,
    issuer: authorityReference,
    subject: holderReference,
    spki: 'key' in key ? key.key.spki : undefined,
  }));
  const anchor = anchorOf(anchors, (each) => each.holderReference, links);
  checkOrder(links, publicKey);
  checkAnchor(() => verifyCvLink(issuerOf(anchor), chain[0]!, at));
  const proven = verifyCvChain(anchor, chain, at);
  checkKey({ ...links.at(-1)!, spki: proven.key.key.spki }, publicKey);
  const expiry = Math.min(...chain.map((certificate) => certificate.expiry));
  return { holder: proven.certificate.holderReference, expiry };
}

/** The anchor that the first certificate names. */
function anchorOf<A>(
  anchors: readonly A[],
  nameOf: (anchor: A) => string,
  links: readonly Link[],
): A {
  const [first] = links;
  const anchor = anchors.find((each) => nameOf(each) === first?.issuer);
  if (anchor) return anchor;
  const names = new Set(anchors.map(nameOf));
  const right = links.find(({ issuer }) => names.has(issuer));
  if (right) throw wrongOrder(`${right.name} is the one under the anchor, and comes first`);
  throw wrongAnchor('the first certificate names another issuer than the anchor');
}

/** Each under the one before, and the institution's own last. */
function checkOrder(links: readonly Link[], { spki }: RsaPublicKey): void {
  for (const [i, link] of links.entries()) {
    const before = links[i - 1];
    if (!before || link.issuer === before.subject) continue;
    const right = links.find(({ subject }) => subject === link.issuer);
    if (right) throw wrongOrder(`${link.name} comes right after ${right.name}`);
    throw new HsmError('ERR_INSTITUTION_GAP', `${link.name} is not under ${before.name}`, {
      hint: 'a certificate between the two is missing, or one belongs to another chain',
    });
  }
  const own = links.findIndex((link) => link.spki && equal(link.spki, spki));
  if (own >= 0 && own < links.length - 1) {
    throw wrongOrder(`${links[own]!.name} is the institution's own, and comes last`);
  }
}

function checkKey({ name, spki }: Link, publicKey: RsaPublicKey): void {
  if (spki && equal(spki, publicKey.spki)) return;
  const message = `${name} certifies another key than the one in the token`;
  throw new HsmError('ERR_INSTITUTION_KEY', message, {
    hint: 'name the key with --label, or request a certificate for it: hsm institution request',
  });
}

/** Another anchor of the same name shows at the first signature. */
function checkAnchor(verifyFirst: () => unknown): void {
  try {
    verifyFirst();
  } catch (error) {
    if (!(error instanceof GateError) || error.code !== 'ERR_CVC_SIGNATURE') throw error;
    throw wrongAnchor('the first certificate is not signed by the anchor, though it names it');
  }
}

function wrongOrder(what: string): HsmError {
  return new HsmError('ERR_INSTITUTION_ORDER', `chain out of order: ${what}`, {
    hint: 'name the files from the anchor down to the institution',
  });
}

function wrongAnchor(what: string): HsmError {
  return new HsmError('ERR_INSTITUTION_ANCHOR', what, {
    hint: 'take the anchor from J-LIS by another way than the certificates',
  });
}
