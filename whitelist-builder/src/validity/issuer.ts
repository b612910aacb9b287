import { type TrustAnchor, trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import type { UserCertificate } from '@pinless-gate/protocol/certificate/user';
import { GateError } from '@pinless-gate/protocol/errors';
import type { KazashiPin } from '@pinless-gate/protocol/kazashi/surface';
import { derOf } from '@pinless-gate/protocol/pem';

/** The issuer that a feed calls by name: one DN, one or more generations of its CA. */
export interface Issuer {
  readonly name: string;
  /** The DN, in DER. */
  readonly nameDer: Uint8Array;
  readonly generations: readonly TrustAnchor[];
  /** Which of its certificates took another's place, where that is known. */
  readonly renewals?: CardRenewals | undefined;
}

/** A card, as a certificate names it; whole where the feed gave the certificate. */
export interface Card {
  readonly issuer: Issuer;
  /** The DN in DER, as the certificate has it. */
  readonly issuerName: Uint8Array;
  /** Unsigned, big-endian, no leading zero octets. */
  readonly serial: Uint8Array;
  /** Proven, where the feed gave it. */
  readonly certificate?: UserCertificate | undefined;
  /** Where the card was linked for the profile `kazashi`. */
  readonly kazashi?: KazashiPin | undefined;
  /** The serial number that the feed has, where another certificate took its place. */
  readonly renewedFrom?: Uint8Array | undefined;
}

/** Old and new serial numbers, to those who resolve cards. */
export interface CardRenewals {
  isReplaced(serial: Uint8Array): boolean;
  /** The card with the certificate that it has now; `now` in Unix seconds. */
  current(card: Card, now: number): Card;
  /** Names what took a certificate's place; undefined where nothing did. Another certificate, another name. */
  successor(serial: Uint8Array): Uint8Array | undefined;
}

/** One CA certificate, PEM or DER. Throws a `GateError` unless it can be an anchor. */
export function readAnchor(bytes: Uint8Array): TrustAnchor {
  const [anchor] = trustAnchors([derOf(bytes, 'CERTIFICATE')]);
  if (anchor!.fault) {
    throw new GateError('ERR_EVENT_ISSUER', `not fit to be a CA (${anchor!.fault})`);
  }
  return anchor!;
}
