import { randomBytes } from 'node:crypto';
import { signDocument } from '@pinless-gate/hsm/ceremony/documents';
import { newKey } from '@pinless-gate/hsm/ceremony/new-key';
import { HsmError, type KeyKind, type KeyStore } from '@pinless-gate/hsm/key-store';
import {
  decodeEnrolled,
  decodeEnrolmentOffer,
  ENROLMENT_TYPE,
  type Enrolled,
  type EnrolmentOffer,
  type EnrolmentStatement,
  encodeEnrolmentRequest,
  encodeEnrolmentStatement,
  enrolmentMessage,
  type ModuleDescription,
} from '@pinless-gate/protocol/enrolment';
import {
  type EnrolmentToken,
  formatEnrolmentToken,
  hashEnrolmentToken,
  isTokenOf,
} from '@pinless-gate/protocol/enrolment-token';
import { FormatError } from '@pinless-gate/protocol/errors';
import {
  encodeGateKey,
  encodeGateKeyBody,
  GATE_KEY_FORMAT,
  GATE_KEY_TYPE,
  type GateKey,
} from '@pinless-gate/protocol/gate-key';
import { keyHash } from '@pinless-gate/protocol/signed';
import { mechanismName, type TransportMechanism } from '@pinless-gate/protocol/transport-mechanism';
import {
  type Enrolment,
  EnrolmentError,
  type PendingKeys,
  readPending,
  removePending,
  writeEnrolment,
  writePending,
} from '../enrolment-file.ts';
import { askConsole, type ConsoleAddress, type ConsoleAnswer } from './console-client.ts';
import { ask } from './key-delivery.ts';

export interface EnrolParts {
  readonly store: KeyStore;
  readonly console: ConsoleAddress;
  readonly token: EnrolmentToken;
  readonly labels: PendingKeys;
  /** Take keys that are there already. */
  readonly reuseKeys: boolean;
  readonly software: string;
  /** Where the enrolment is written. */
  readonly path: string;
  /** Told what is being done. */
  readonly onStep: (what: string) => void;
}

/**
 * Makes the gate's keys, states them to the console, and writes down what it answers. Killed at any moment it can
 * be run again with the same token: keys that it made are taken up, and a console that has enrolled the gate says so again.
 */
export async function enrol(parts: EnrolParts): Promise<Enrolment> {
  const { store, console, token, labels, path, onStep } = parts;
  // Asked first: a wrong address or a token of another console makes no keys.
  requireOwnToken(await askOffer(console), token);
  await makeKeys(parts);
  onStep('asking the module what it can do');
  const about = await describe(store);
  const keys = {
    deviceKey: await store.publicKey(labels.device),
    transportKey: await store.publicKey(labels.transport),
  };
  onStep('enrolling');
  const offer = await askOffer(console);
  requireOwnToken(offer, token);
  const enrolled = await send(parts, {
    ...offer,
    ...keys,
    module: about.module,
    capabilities: about.mechanisms.map(mechanismName).sort(),
    tokenHash: hashEnrolmentToken(token),
    software: parts.software,
  });
  const enrolment = { ...enrolled, console, deviceKeyHash: keyHash(keys.deviceKey) };
  // Sent before the file is written: whoever is killed in between does it all again.
  await sendGateKey(parts, enrolment, { ...keys, mechanisms: about.mechanisms });
  await writeEnrolment(path, enrolment);
  await removePending(path);
  return enrolment;
}

/** What the issuer needs to wrap keys for this gate; it holds the gate's id, so it comes after the enrolment. */
async function sendGateKey(
  { store, console, labels }: EnrolParts,
  { gateId }: Enrolled,
  key: Omit<GateKey, 'gateId'>,
): Promise<void> {
  const body = encodeGateKeyBody({ gateId, ...key });
  const signed = await signDocument(store, labels.device, GATE_KEY_FORMAT, body);
  const identity = {
    gateId,
    sign: (message: Uint8Array) => store.sign(labels.device, message),
    now: Date.now,
    random: randomBytes,
  };
  const request = {
    method: 'PUT',
    path: '/api/gate-key',
    type: GATE_KEY_TYPE,
    body: encodeGateKey(signed),
  } as const;
  await ask({ console, identity }, request, 204);
}

async function askOffer(console: ConsoleAddress): Promise<EnrolmentOffer> {
  const answer = await askConsole(console, { method: 'POST', path: '/api/enrolment/offer' });
  return readAnswer(answer, decodeEnrolmentOffer);
}

/** A token is not shown to a console that did not give it. */
function requireOwnToken({ consoleId }: EnrolmentOffer, token: EnrolmentToken): void {
  if (isTokenOf(token, consoleId)) return;
  throw new EnrolmentError('ERR_ENROLMENT_FOREIGN', 'the token is of another console', {
    hint: 'it was not sent; check --console, or ask for a token of this console',
  });
}

async function makeKeys({ store, labels, reuseKeys, path, onStep }: EnrolParts): Promise<void> {
  const wanted = Object.entries(labels) as [keyof PendingKeys & KeyKind, string][];
  const there = new Set((await store.keys()).map(({ label }) => label));
  const pending = await readPending(path);
  for (const [kind, label] of wanted) {
    if (!there.has(label) || reuseKeys || pending?.[kind] === label) continue;
    throw new HsmError('ERR_HSM_KEY_EXISTS', `key "${label}" is there already`, {
      hint: 'enrol with it: --reuse-keys; or name another label in [keys] of gate.toml',
    });
  }
  // Before the first key: whoever is killed between two keys finds his own again.
  if (!pending && wanted.some(([, label]) => !there.has(label))) await writePending(path, labels);
  for (const [kind, label] of wanted) {
    if (there.has(label)) continue;
    onStep(`making the ${kind} key`);
    await newKey(store, label, kind);
  }
  await store.require(Object.fromEntries(wanted.map(([kind, label]) => [label, kind])));
}

async function describe(
  store: KeyStore,
): Promise<{ module: ModuleDescription; mechanisms: readonly TransportMechanism[] }> {
  const { module, token } = await store.status();
  const { unwraps } = await store.capabilities();
  const description: ModuleDescription = {
    description: printable(module.description),
    version: printable(module.version),
    manufacturer: printable(token.manufacturer),
    model: printable(token.model),
    serial: printable(token.serial),
  };
  return { module: description, mechanisms: unwraps };
}

/** What a module says of itself goes into one line of text. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?').slice(0, 128);
}

async function send(
  { store, console, token, labels }: EnrolParts,
  statement: EnrolmentStatement,
): Promise<Enrolled> {
  const encoded = encodeEnrolmentStatement(statement);
  const signature = await store.sign(labels.device, enrolmentMessage(encoded));
  const body = encodeEnrolmentRequest({
    token: formatEnrolmentToken(token),
    statement: encoded,
    signature,
  });
  const answer = await askConsole(console, {
    method: 'POST',
    path: '/api/enrolment',
    type: ENROLMENT_TYPE,
    body,
  });
  return readAnswer(answer, decodeEnrolled);
}

function readAnswer<T>(
  { status, body, code, title }: ConsoleAnswer,
  read: (octets: Uint8Array) => T,
): T {
  if (status !== 200) throw refusal(status, code, title);
  try {
    return read(body);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new EnrolmentError('ERR_ENROLMENT_ANSWER', `the console's answer: ${cause.message}`, {
      cause,
      hint: 'check --console: is a console of this release there?',
    });
  }
}

function refusal(status: number, code: string | undefined, title: string | undefined) {
  const known = HINTS[code ?? ''];
  return new EnrolmentError(
    known ? (code as `ERR_${string}`) : 'ERR_ENROLMENT_REFUSED',
    `the console refused: ${title ?? `HTTP ${status}`}`,
    { hint: known ?? "the console's log says more" },
  );
}

const ASK_AGAIN = 'ask for a new token: issuer-console gate invite --name NAME';
const HINTS: Readonly<Record<string, string>> = {
  ERR_ENROLMENT_TOKEN: `check it letter by letter, or ${ASK_AGAIN}`,
  ERR_ENROLMENT_FOREIGN: 'it is good at another console',
  ERR_ENROLMENT_EXPIRED: ASK_AGAIN,
  ERR_ENROLMENT_WITHDRAWN: ASK_AGAIN,
  ERR_ENROLMENT_USED: `if you did not use it, tell the person in charge; ${ASK_AGAIN}`,
  ERR_ENROLMENT_KEY_KNOWN: 'revoke the other gate, or name another label in [keys] device',
  ERR_ENROLMENT_CHALLENGE: 'run the same command again',
  ERR_ENROLMENT_PUBLISHERS: 'name the publishers in [enrolment] of issuer-console.toml',
  ERR_GATE_REVOKED: `name new labels in [keys], and ${ASK_AGAIN}`,
  ERR_HTTP_RATE: 'wait a minute, then run the same command again',
};
