import { CborMap, encodeCbor } from './cbor.ts';
import { FormatError } from './errors.ts';
import { readPublicKey } from './public-key.ts';
import { decodeSigned, encodeSigned, type Signed, signerOf } from './signed.ts';
import { mechanismByName, mechanismName, type TransportMechanism } from './transport-mechanism.ts';

export const GATE_KEY_FORMAT = 'pinless-gate/gate-key/1';
export const GATE_KEY_TYPE = 'application/vnd.pinless-gate.gate-key+cbor';
const MIN_MODULUS_BITS = 2048;
const MAX_MECHANISMS = 64;

/**
 * What an issuer needs to send a gate its keys. The gate's device key signs it, so whoever knows a gate by that key
 * knows its transport key. Who knows neither compares the fingerprint by another way.
 */
export interface GateKey {
  readonly gateId: Uint8Array;
  /** SubjectPublicKeyInfo, RSA. */
  readonly transportKey: Uint8Array;
  /** SubjectPublicKeyInfo, EC P-256. */
  readonly deviceKey: Uint8Array;
  /** Those that the gate's module was seen to unwrap with. */
  readonly mechanisms: readonly TransportMechanism[];
}

/** The octets that the device key signs, as `signedMessage(GATE_KEY_FORMAT, …)`. */
export function encodeGateKeyBody(key: GateKey): Uint8Array {
  return encodeCbor({ ...key, mechanisms: key.mechanisms.map(mechanismName) });
}

export function encodeGateKey(signed: Signed): Uint8Array {
  return encodeSigned(GATE_KEY_FORMAT, signed);
}

/** Throws unless the device key named in it signed it. Mechanisms that this program does not know are left out. */
export function decodeGateKey(bytes: Uint8Array): GateKey {
  const signed = decodeSigned(GATE_KEY_FORMAT, bytes);
  const map = CborMap.decode(signed.body, 'gate-key');
  const names = map.array('mechanisms');
  const key: GateKey = {
    gateId: map.bytes('gateId', 16),
    transportKey: map.bytes('transportKey'),
    deviceKey: map.bytes('deviceKey'),
    mechanisms: names.flatMap((name) => {
      if (typeof name !== 'string') throw wrong('a mechanism that is no text');
      return mechanismByName(name) ?? [];
    }),
  };
  map.end();
  if (names.length > MAX_MECHANISMS) throw wrong(`${names.length} mechanisms`);
  const transport = readPublicKey(key.transportKey);
  if (transport.kind !== 'rsa' || transport.bits < MIN_MODULUS_BITS) {
    throw wrong(`the transport key is not RSA of ${MIN_MODULUS_BITS} bits or more`);
  }
  if (!signerOf(GATE_KEY_FORMAT, signed, [key.deviceKey])) {
    throw new FormatError('ERR_GATE_KEY_SIGNATURE', 'gate-key: not signed by its device key');
  }
  return key;
}

function wrong(what: string): FormatError {
  return new FormatError('ERR_GATE_KEY', `gate-key: ${what}`);
}
