import { createPublicKey, randomBytes, verify } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { requireKey } from '../key-rules.ts';
import {
  HsmError,
  type KeyInfo,
  MAC_LENGTH,
  type SelftestCheck,
  type SelftestReport,
} from '../key-store.ts';
import type { Connection } from './connection.ts';
import { ckrName, ckrOf, isConnectionLost } from './errors.ts';
import type { Handle } from './module.ts';
import { tryTransport } from './transport.ts';

/** RFC 4231 4.7, test case 6: a key longer than the block of SHA-512. */
const RFC4231_CASE_6 = {
  key: Buffer.alloc(131, 0xaa),
  data: Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
  mac: Buffer.from(
    '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352' +
      '6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
    'hex',
  ),
};

/**
 * The keys cannot be known, so: the module's HMAC against a published vector, every signature against
 * node:crypto, every event key against itself.
 */
export async function runSelftest(connection: Connection): Promise<SelftestReport> {
  const checks: SelftestCheck[] = [hmacVector(connection)];
  for (const info of connection.keys()) {
    checks.push(await check('attributes', info, () => checkAttributes(info)));
    if (info.type === 'secret') {
      checks.push(await check('hmac-repeats', info, () => checkMac(connection, info.label)));
    } else if (info.kind === 'transport') {
      checks.push(await check('wrap-and-unwrap', info, () => checkTransport(connection, info)));
    } else if (info.type === 'rsa' || info.type === 'ec') {
      checks.push(await check('sign-and-verify', info, () => checkSignature(connection, info)));
    }
  }
  const failed = checks.some(({ outcome }) => outcome === 'failed');
  return { passed: !failed && checks.some(({ outcome }) => outcome === 'passed'), checks };
}

/** Known-answer test on a session object: gone with the session, and no key of ours. */
function hmacVector(connection: Connection): SelftestCheck {
  const name = 'hmac-sha-512-rfc4231';
  const { lib, session } = connection;
  let key: Handle;
  try {
    key = lib.C_CreateObject(session, [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
      { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_GENERIC_SECRET },
      { type: pkcs11js.CKA_TOKEN, value: false },
      { type: pkcs11js.CKA_SIGN, value: true },
      { type: pkcs11js.CKA_VALUE, value: RFC4231_CASE_6.key },
    ]);
  } catch (error) {
    if (ckrOf(error) === undefined || isConnectionLost(error)) throw error;
    const why = `the module takes no key from outside (${ckrName(error)})`;
    return { name, outcome: 'not-done', why };
  }
  try {
    lib.C_SignInit(session, { mechanism: pkcs11js.CKM_SHA512_HMAC }, key);
    const mac = lib.C_Sign(session, RFC4231_CASE_6.data, Buffer.alloc(MAC_LENGTH));
    if (mac.equals(RFC4231_CASE_6.mac)) return { name, outcome: 'passed' };
    return { name, outcome: 'failed', why: 'the HMAC is not the published one' };
  } finally {
    lib.C_DestroyObject(session, key);
  }
}

async function check(
  name: string,
  { label }: KeyInfo,
  run: () => string | undefined | Promise<string | undefined>,
): Promise<SelftestCheck> {
  try {
    const why = await run();
    return why === undefined
      ? { name, label, outcome: 'passed' }
      : { name, label, outcome: 'failed', why };
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    const known = error instanceof HsmError || ckrOf(error) !== undefined;
    if (!known) throw error;
    const why = error instanceof HsmError ? error.message : ckrName(error);
    return { name, label, outcome: 'failed', why };
  }
}

function checkAttributes(info: KeyInfo): undefined {
  // A gate that finds a key of its own extractable says so when it starts.
  if (info.kind) requireKey(info.label, info.kind, info, { transportable: true });
}

async function checkTransport(connection: Connection, { label }: KeyInfo): Promise<undefined> {
  await tryTransport(connection, label);
}

/** Says what is wrong, as those below. */
export function checkMac(connection: Connection, label: string): string | undefined {
  const message = randomBytes(84);
  const first = Buffer.from(connection.mac(label, message));
  if (!first.equals(connection.mac(label, message))) return 'two HMACs of one message differ';
  message[0]! ^= 1;
  return first.equals(connection.mac(label, message))
    ? 'HMACs of two messages are equal'
    : undefined;
}

export async function checkSignature(
  connection: Connection,
  { label }: Pick<KeyInfo, 'label'>,
): Promise<string | undefined> {
  const message = randomBytes(32);
  const signature = await connection.sign(label, message);
  const spki = Buffer.from(connection.publicKey(label));
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const good = verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  return good ? undefined : 'the signature does not verify with the public key';
}
