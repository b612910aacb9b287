import { concat, domain, toHex } from './bytes.ts';
import { CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { FormatError } from './errors.ts';
import { type EcPublicKey, readPublicKey } from './public-key.ts';
import { verifyEcdsa } from './signature.ts';

/** First answer of a console: who it is, and what the gate's statement must repeat. */
export interface EnrolmentOffer {
  readonly consoleId: Uint8Array;
  /** Good once, for a short while. */
  readonly challenge: Uint8Array;
}

/** What a gate's PKCS#11 module says of itself. */
export interface ModuleDescription {
  readonly description: string;
  readonly version: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
}

/** What a gate states of itself at enrolment. Keys are SubjectPublicKeyInfo, DER. */
export interface EnrolmentStatement extends EnrolmentOffer {
  /** `hashEnrolmentToken`: the statement is good with one token only. */
  readonly tokenHash: Uint8Array;
  /** EC P-256; signs this statement, journals and requests. */
  readonly deviceKey: Uint8Array;
  /** RSA; event keys are wrapped for it. */
  readonly transportKey: Uint8Array;
  /** Version of the gate's program. */
  readonly software: string;
  readonly module: ModuleDescription;
  /** What the module can do, in words, in order and each once. */
  readonly capabilities: readonly string[];
}

export interface EnrolmentRequest {
  /** The one-time token, as `formatEnrolmentToken` writes it. */
  readonly token: string;
  /** Encoded `EnrolmentStatement`. */
  readonly statement: Uint8Array;
  /** By the device key in the statement, over `enrolmentMessage`: the gate has that key. Plain r‖s. */
  readonly signature: Uint8Array;
}

/** What the gate is to know of its console from now on. */
export interface Enrolled {
  readonly consoleId: Uint8Array;
  readonly gateId: Uint8Array;
  readonly gateName: string;
  readonly eventIds: readonly Uint8Array[];
  /** Keys of those who publish lists (SubjectPublicKeyInfo), and how many of them must have signed. */
  readonly publishers: readonly Uint8Array[];
  readonly threshold: number;
  /** Unix milliseconds. */
  readonly enrolledAt: number;
}

export const ENROLMENT_TYPE = 'application/vnd.pinless-gate.enrolment+cbor';
export const CHALLENGE_LENGTH = 32;
export const MAX_ENROLMENT_LENGTH = 8192;

const MAX_TEXT_LENGTH = 128;
const MAX_CAPABILITIES = 64;
const MAX_EVENTS = 64;
const MAX_PUBLISHERS = 16;
const TRANSPORT_BITS = { min: 2048, max: 4096 } as const;
const ENROLMENT = domain('pinless-gate/enrolment/1');

export function encodeEnrolmentOffer(offer: EnrolmentOffer): Uint8Array {
  return encodeCbor({ version: 1, ...offer });
}

export function decodeEnrolmentOffer(bytes: Uint8Array): EnrolmentOffer {
  const map = versionOne(bytes, 'enrolment offer');
  const offer = {
    consoleId: map.bytes('consoleId', 16),
    challenge: map.bytes('challenge', CHALLENGE_LENGTH),
  };
  map.end();
  return offer;
}

export function encodeEnrolmentStatement(statement: EnrolmentStatement): Uint8Array {
  return encodeCbor({ version: 1, ...statement, module: { ...statement.module } });
}

/** The keys are read too: a statement of other kinds of keys is a `FormatError`. */
export function decodeEnrolmentStatement(bytes: Uint8Array): EnrolmentStatement {
  const map = versionOne(bytes, 'enrolment statement');
  const statement: EnrolmentStatement = {
    consoleId: map.bytes('consoleId', 16),
    challenge: map.bytes('challenge', CHALLENGE_LENGTH),
    tokenHash: map.bytes('tokenHash', 32),
    deviceKey: map.bytes('deviceKey'),
    transportKey: map.bytes('transportKey'),
    software: plainText(map.text('software'), 'software'),
    module: decodeModule(map.map('module')),
    capabilities: decodeCapabilities(map.array('capabilities')),
  };
  map.end();
  requireDeviceKey(statement.deviceKey);
  requireTransportKey(statement.transportKey);
  return statement;
}

/** What the device key signs to show that the gate has it. */
export function enrolmentMessage(statement: Uint8Array): Uint8Array {
  return concat(ENROLMENT, statement);
}

export function encodeEnrolmentRequest(request: EnrolmentRequest): Uint8Array {
  return encodeCbor({ version: 1, ...request });
}

export function decodeEnrolmentRequest(bytes: Uint8Array): EnrolmentRequest {
  if (bytes.length > MAX_ENROLMENT_LENGTH) {
    throw new FormatError('ERR_ENROLMENT_LENGTH', `enrolment request of ${bytes.length} octets`);
  }
  const map = versionOne(bytes, 'enrolment request');
  const request: EnrolmentRequest = {
    token: map.text('token'),
    statement: map.bytes('statement'),
    signature: map.bytes('signature', 64),
  };
  map.end();
  return request;
}

/** The statement, once its own device key has vouched for these very octets. */
export function verifyEnrolmentRequest(request: EnrolmentRequest): EnrolmentStatement {
  const statement = decodeEnrolmentStatement(request.statement);
  const message = enrolmentMessage(request.statement);
  if (!verifyEcdsa(requireDeviceKey(statement.deviceKey), 'sha256', message, request.signature)) {
    throw new FormatError('ERR_ENROLMENT_PROOF', 'enrolment: not signed by the stated device key');
  }
  return statement;
}

export function encodeEnrolled(enrolled: Enrolled): Uint8Array {
  return encodeCbor({ version: 1, ...enrolled });
}

export function decodeEnrolled(bytes: Uint8Array): Enrolled {
  const map = versionOne(bytes, 'enrolment answer');
  const enrolled: Enrolled = {
    consoleId: map.bytes('consoleId', 16),
    gateId: map.bytes('gateId', 16),
    gateName: plainText(map.text('gateName'), 'gateName'),
    eventIds: octetStrings(map.array('eventIds'), 'eventIds', MAX_EVENTS),
    publishers: octetStrings(map.array('publishers'), 'publishers', MAX_PUBLISHERS),
    threshold: map.uint('threshold'),
    enrolledAt: map.uint('enrolledAt'),
  };
  map.end();
  const { eventIds, publishers, threshold } = enrolled;
  if (eventIds.some((id) => id.length !== 16)) {
    throw new FormatError('ERR_ENROLMENT_EVENT', 'enrolment answer: an event id has 16 octets');
  }
  for (const key of publishers) readPublicKey(key);
  if (new Set(publishers.map(toHex)).size !== publishers.length) {
    throw new FormatError('ERR_ENROLMENT_PUBLISHERS', 'enrolment answer: a publisher stands twice');
  }
  if (threshold < 1 || threshold > publishers.length) {
    throw new FormatError('ERR_ENROLMENT_THRESHOLD', `threshold of ${threshold} publishers`);
  }
  return enrolled;
}

function versionOne(bytes: Uint8Array, what: string): CborMap {
  const map = CborMap.decode(bytes, what);
  const version = map.uint('version');
  if (version !== 1)
    throw new FormatError('ERR_ENROLMENT_VERSION', `${what} of version ${version}`);
  return map;
}

function decodeModule(map: CborMap): ModuleDescription {
  const text = (key: keyof ModuleDescription) => plainText(map.text(key), key);
  const module: ModuleDescription = {
    description: text('description'),
    version: text('version'),
    manufacturer: text('manufacturer'),
    model: text('model'),
    serial: text('serial'),
  };
  map.end();
  return module;
}

function decodeCapabilities(values: readonly CborValue[]): string[] {
  const words = values.map((value) => {
    if (typeof value === 'string' && /^[a-z0-9][a-z0-9.+-]{0,63}$/.test(value)) return value;
    throw new FormatError('ERR_ENROLMENT_CAPABILITY', 'enrolment: no word for a capability');
  });
  const inOrder = words.every((word, i) => i === 0 || words[i - 1]! < word);
  if (words.length > MAX_CAPABILITIES || !inOrder) {
    throw new FormatError('ERR_ENROLMENT_CAPABILITY', 'enrolment: capabilities not in order');
  }
  return words;
}

function octetStrings(values: readonly CborValue[], what: string, most: number): Uint8Array[] {
  if (values.length > most) {
    throw new FormatError('ERR_ENROLMENT_LENGTH', `enrolment: ${values.length} ${what}`);
  }
  return values.map((value) => {
    if (value instanceof Uint8Array) return value;
    throw new FormatError('ERR_CBOR_TYPE', `enrolment: ${what} are byte strings`);
  });
}

/** It is shown to people: one line, nothing that moves a cursor. */
function plainText(text: string, what: string): string {
  if (text.length <= MAX_TEXT_LENGTH && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) return text;
  throw new FormatError('ERR_ENROLMENT_TEXT', `enrolment: ${what} is not one line of text`);
}

function requireDeviceKey(spki: Uint8Array): EcPublicKey {
  const key = readPublicKey(spki);
  if (key.kind === 'ec' && key.curve.name === 'P-256') return key;
  throw new FormatError('ERR_ENROLMENT_KEY', 'enrolment: the device key is not on P-256');
}

function requireTransportKey(spki: Uint8Array): void {
  const key = readPublicKey(spki);
  const { min, max } = TRANSPORT_BITS;
  if (key.kind === 'rsa' && key.bits >= min && key.bits <= max) return;
  throw new FormatError(
    'ERR_ENROLMENT_KEY',
    `enrolment: the transport key is not RSA of ${min} to ${max} bits`,
  );
}
