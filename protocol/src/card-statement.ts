import { createHash } from 'node:crypto';
import { concat, domain, fromBase64, utf8 } from './bytes.ts';
import { FormatError } from './errors.ts';
import { MAX_REQUEST_LENGTH } from './statement-request.ts';

/** What a person answers to a `StatementRequest` with their card. docs/card-statement.md has it word for word. */
export interface CardStatement {
  /** The request's octets as they came. */
  readonly request: Uint8Array;
  readonly method: StatementMethod;
  /** DER. With `signature` that of the signature key, else the user-authentication certificate. */
  readonly certificate: Uint8Array;
  /** RSASSA-PKCS1-v1_5 with SHA-256 over `statementMessage`; absent with `read` alone. */
  readonly signature?: Uint8Array | undefined;
  /** DER: of the same card, beside its signature certificate. */
  readonly authenticationCertificate?: Uint8Array | undefined;
  /** For cards that are to open gates by the profile `kazashi`. */
  readonly kazashi?: StatementSurface | undefined;
}

/** What the card's surface application showed in the same session. */
export interface StatementSurface {
  /** The six digits that the card accepted. */
  readonly reference: string;
  /** EF 0001 and EF 0004. */
  readonly record: Uint8Array;
  readonly signer: Uint8Array;
  /** By the key in the record, over `surfaceMessage`. */
  readonly signature: Uint8Array;
}

/** `read` carries a certificate that anybody may have read from the card: it proves nothing. */
export const STATEMENT_METHODS = ['signature', 'authentication', 'read'] as const;
export type StatementMethod = (typeof STATEMENT_METHODS)[number];

export const STATEMENT_FORMAT = 'pinless-gate/card-statement/1';
/** Octets of its JSON. */
export const MAX_STATEMENT_LENGTH = 32 * 1024;
const MAX_CERTIFICATE_LENGTH = 4096;
const MAX_SIGNATURE_LENGTH = 512;
const MAX_FILE_LENGTH = 1024;
const HASH_LENGTH = 32;

const STATEMENT = domain(STATEMENT_FORMAT);
const SURFACE = domain('pinless-gate/card-statement-surface/1');

/**
 * What the card signs with its PIN, before hashing. With a surface the hash of its key's modulus is among it: the
 * holder says that this chip is theirs.
 */
export function statementMessage(
  request: Uint8Array,
  method: Exclude<StatementMethod, 'read'>,
  modulusHash?: Uint8Array,
): Uint8Array {
  const message = concat(STATEMENT, utf8(`${method}\0`), sha256(request));
  if (!modulusHash) return message;
  if (modulusHash.length !== HASH_LENGTH) {
    throw new RangeError(`a SHA-256 hash has ${HASH_LENGTH} octets, not ${modulusHash.length}`);
  }
  return concat(message, modulusHash);
}

/** What the card's surface key signs, without a PIN. */
export function surfaceMessage(request: Uint8Array): Uint8Array {
  return concat(SURFACE, sha256(request));
}

function sha256(octets: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(octets).digest());
}

export function formatCardStatement(statement: CardStatement): string {
  const { request, method, certificate, signature, authenticationCertificate, kazashi } = statement;
  const json = {
    format: STATEMENT_FORMAT,
    request: Buffer.from(request).toString('base64url'),
    method,
    certificate: base64(certificate),
    ...(signature && { signature: base64(signature) }),
    ...(authenticationCertificate && {
      authenticationCertificate: base64(authenticationCertificate),
    }),
    ...(kazashi && {
      kazashi: {
        reference: kazashi.reference,
        record: base64(kazashi.record),
        signer: base64(kazashi.signer),
        signature: base64(kazashi.signature),
      },
    }),
  };
  return JSON.stringify(json);
}

const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64');

/** Which members a statement has, by method: what proves nothing there is refused, not passed over. */
const REQUIRED = ['format', 'request', 'method', 'certificate'];
const MEMBERS: Readonly<Record<StatementMethod, readonly [needed: string[], allowed: string[]]>> = {
  signature: [
    [...REQUIRED, 'signature'],
    ['authenticationCertificate', 'kazashi'],
  ],
  authentication: [[...REQUIRED, 'signature'], ['kazashi']],
  read: [REQUIRED, []],
};
const SURFACE_MEMBERS = ['reference', 'record', 'signer', 'signature'];

/** Of what `JSON.parse` gave; anything else than such a statement is a `FormatError`. Nothing is proven yet. */
export function parseCardStatement(json: unknown): CardStatement {
  const { format, method: named } = isObject(json) ? json : {};
  if (format !== STATEMENT_FORMAT) throw wrong('FORMAT', 'of another format');
  const method = STATEMENT_METHODS.find((each) => each === named);
  if (!method) throw wrong('METHOD', 'of no known method');
  const members = membersOf(json, 'statement', ...MEMBERS[method]);
  const optional = (name: string, most: number) =>
    members[name] === undefined ? undefined : octets(members[name], name, most);
  return {
    request: octets(members.request, 'request', MAX_REQUEST_LENGTH, fromBase64Url),
    method,
    certificate: octets(members.certificate, 'certificate', MAX_CERTIFICATE_LENGTH),
    signature: optional('signature', MAX_SIGNATURE_LENGTH),
    authenticationCertificate: optional('authenticationCertificate', MAX_CERTIFICATE_LENGTH),
    kazashi: members.kazashi === undefined ? undefined : parseSurface(members.kazashi),
  };
}

function parseSurface(json: unknown): StatementSurface {
  const { reference, record, signer, signature } = membersOf(json, 'kazashi', SURFACE_MEMBERS, []);
  if (typeof reference !== 'string' || !/^[0-9]{6}$/.test(reference)) {
    throw wrong('MEMBER', 'kazashi.reference is not six digits');
  }
  return {
    reference,
    record: octets(record, 'kazashi.record', MAX_FILE_LENGTH),
    signer: octets(signer, 'kazashi.signer', MAX_FILE_LENGTH),
    signature: octets(signature, 'kazashi.signature', MAX_SIGNATURE_LENGTH),
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function membersOf(
  json: unknown,
  what: string,
  needed: readonly string[],
  allowed: readonly string[],
): JsonObject {
  if (!isObject(json)) throw wrong('MEMBER', `${what} is no object`);
  const missing = needed.find((name) => !Object.hasOwn(json, name) || json[name] === undefined);
  if (missing !== undefined) throw wrong('MEMBER', `${what} has no ${missing}`);
  const known = [...needed, ...allowed];
  if (Object.keys(json).every((name) => known.includes(name))) return json;
  throw wrong('MEMBER', `${what} has members that are none of it`);
}

function octets(
  text: unknown,
  what: string,
  most: number,
  decode: (text: string) => Uint8Array = fromBase64,
): Uint8Array {
  if (typeof text !== 'string' || text === '') throw wrong('MEMBER', `${what} is no text`);
  // Four characters carry three octets.
  if (text.length > Math.ceil(most / 3) * 4) throw wrong('LENGTH', `${what} is too long`);
  return decode(text);
}

/** Strict: canonical, without padding. */
function fromBase64Url(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') === text) return new Uint8Array(bytes);
  throw wrong('MEMBER', 'request is not base64url');
}

function wrong(what: string, why: string): FormatError {
  return new FormatError(`ERR_STATEMENT_${what}`, `card statement: ${why}`);
}
