import { type TrustAnchor, trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { GateError } from '@pinless-gate/protocol/errors';
import { derOf } from '@pinless-gate/protocol/pem';

/** The issuer that a feed calls by name: one DN, one or more generations of its CA. */
export interface Issuer {
  readonly name: string;
  /** The DN, in DER. */
  readonly nameDer: Uint8Array;
  readonly generations: readonly TrustAnchor[];
}

/** One CA certificate, PEM or DER. Throws a `GateError` unless it can be an anchor. */
export function readAnchor(bytes: Uint8Array): TrustAnchor {
  const [anchor] = trustAnchors([derOf(bytes, 'CERTIFICATE')]);
  if (anchor!.fault) {
    throw new GateError('ERR_EVENT_ISSUER', `not fit to be a CA (${anchor!.fault})`);
  }
  return anchor!;
}
