/**
 * How a key crosses from the issuer's module to a gate's: the hash of RSA-OAEP (RFC 8017 7.1, MGF1 with the same
 * hash, empty label), and what it carries: an AES-256 key that wraps the key (RFC 5649 `kwp`, RFC 3394 `kw`), or the
 * key itself (`direct`). OAEP with one of the first two is what CKM_RSA_AES_KEY_WRAP does in one step.
 */
export interface TransportMechanism {
  readonly hash: OaepHash;
  readonly carrier: Carrier;
}

/** Strongest first. OAEP does not rest on collision resistance: SHA-1 is the weakest here, and no weakness known. */
export const OAEP_HASHES = ['sha512', 'sha384', 'sha256', 'sha1'] as const;
export type OaepHash = (typeof OAEP_HASHES)[number];

/** In the order of preference. */
export const CARRIERS = ['kwp', 'kw', 'direct'] as const;
export type Carrier = (typeof CARRIERS)[number];

/** Every mechanism by the name that stands in envelopes: `rsa-oaep-sha256+aes-256-kwp`. */
export type MechanismName = `rsa-oaep-${OaepHash}${'' | '+aes-256-kwp' | '+aes-256-kw'}`;

export function mechanismName({ hash, carrier }: TransportMechanism): MechanismName {
  return `rsa-oaep-${hash}${carrier === 'direct' ? '' : (`+aes-256-${carrier}` as const)}`;
}

/** All of them, strongest first: the hash counts before the carrier. */
export const TRANSPORT_MECHANISMS: readonly TransportMechanism[] = OAEP_HASHES.flatMap((hash) =>
  CARRIERS.map((carrier) => ({ hash, carrier })),
);

const BY_NAME = new Map<string, TransportMechanism>(
  TRANSPORT_MECHANISMS.map((mechanism) => [mechanismName(mechanism), mechanism]),
);

/** `undefined` for a name that is none of ours. */
export function mechanismByName(name: string): TransportMechanism | undefined {
  return BY_NAME.get(name);
}

/** The strongest that both sides have. */
export function strongestOfBoth(
  ours: readonly TransportMechanism[],
  theirs: readonly TransportMechanism[],
): TransportMechanism | undefined {
  const names = [ours, theirs].map((side) => new Set(side.map(mechanismName)));
  return TRANSPORT_MECHANISMS.find((one) => names.every((side) => side.has(mechanismName(one))));
}
