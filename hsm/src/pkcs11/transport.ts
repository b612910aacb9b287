import { randomBytes } from 'node:crypto';
import { equal } from '@pinless-gate/protocol/bytes';
import { eventKeyIdInput } from '@pinless-gate/protocol/conversion';
import { institutionKeyId } from '@pinless-gate/protocol/key-envelope';
import {
  mechanismName,
  TRANSPORT_MECHANISMS,
  type TransportMechanism,
} from '@pinless-gate/protocol/transport-mechanism';
import pkcs11js from 'pkcs11js';
import { requireKey } from '../key-rules.ts';
import {
  HsmError,
  type KeyInfo,
  MAC_LENGTH,
  type UnwrapRequest,
  type WrappedKey,
  type WrapTarget,
} from '../key-store.ts';
import { rsaSpki } from '../public-key.ts';
import * as attributes from './attributes.ts';
import {
  destroyWrappingKeys,
  isNotOffered,
  makeWrappingKeys,
  unwrapUnder,
  type WrappingKeys,
  wrapUnder,
} from './carriage.ts';
import type { Connection, Key } from './connection.ts';
import { ckrName, ckrOf } from './errors.ts';
import type { Handle } from './module.ts';
import type { OfficersKeys } from './trust.ts';

const OTHER_DELIVERY = 'see "A module that takes no wrapped keys" in docs/hsm.md';

/** For each target in turn. Without officer, with keys that nobody marked as trusted. */
export async function wrapKey(
  connection: Connection,
  label: string,
  targets: readonly WrapTarget[],
  officer?: OfficersKeys,
): Promise<WrappedKey[]> {
  const key = connection.keyOf(label, 'secret', 'rsa');
  const { extractable, wrapWithTrusted } = key.info;
  if (!extractable) {
    throw new HsmError('ERR_HSM_KEY_UNEXTRACTABLE', `key "${label}" was made to stay`, {
      hint: 'a key that is to move is made with --transportable; this one cannot become one',
    });
  }
  if (wrapWithTrusted && !officer) {
    throw new HsmError('ERR_HSM_KEY_UNTRUSTED', `key "${label}" leaves under trusted keys only`, {
      hint: 'the security officer marks them: name the file of the PIN with --so-pin-file',
    });
  }
  const { lib } = connection;
  if (officer) {
    const { session } = officer;
    return targets.map((target, i) =>
      wrapFor(connection, session, officer.keys[i]!, key, target.mechanisms),
    );
  }
  return connection.withSession((session) =>
    targets.map(({ transportKey, mechanisms }) => {
      const keys = makeWrappingKeys(lib, session, transportKey, false);
      try {
        return wrapFor(connection, session, keys, key, mechanisms);
      } finally {
        destroyWrappingKeys(lib, session, keys);
      }
    }),
  );
}

/** With the strongest mechanism of the gate's that this module really does. */
function wrapFor(
  { lib }: Connection,
  session: Handle,
  keys: WrappingKeys,
  { handle, info }: Key,
  theirs: readonly TransportMechanism[],
): WrappedKey {
  const names = new Set(theirs.map(mechanismName));
  for (const mechanism of TRANSPORT_MECHANISMS) {
    if (!names.has(mechanismName(mechanism))) continue;
    try {
      return wrapUnder(lib, session, keys, handle, mechanism);
    } catch (error) {
      if (!isNotOffered(error)) throw refusedWrap(info.label, error);
    }
  }
  const wanted = [...names].join(', ') || 'none';
  const message = `this module wraps with nothing that the gate's can unwrap (${wanted})`;
  throw new HsmError('ERR_HSM_MECHANISM', message, { hint: OTHER_DELIVERY });
}

function refusedWrap(label: string, error: unknown): unknown {
  const ckr = ckrOf(error);
  if (ckr !== pkcs11js.CKR_KEY_NOT_WRAPPABLE && ckr !== pkcs11js.CKR_KEY_UNEXTRACTABLE)
    return error;
  return new HsmError('ERR_HSM_KEY_UNEXTRACTABLE', `key "${label}": ${ckrName(error)}`, {
    cause: error,
    hint: 'the module does not let this key leave',
  });
}

/** First for the moment, to see what it is; then for good. */
export async function unwrapKey(connection: Connection, request: UnwrapRequest): Promise<KeyInfo> {
  const { label, kind, transport } = request;
  connection.refuseExisting(label);
  const { handle, info } = connection.keyOf(transport, 'rsa');
  requireKey(transport, 'transport', info);
  const id = randomBytes(16);
  await connection.withSession((session) => {
    const take = (inToken: boolean) =>
      unwrapOrRefuse(connection, session, handle, request, id, inToken);
    const trial = take(false);
    try {
      if (!equal(keyIdOf(connection, session, trial, request), request.keyId)) {
        throw new HsmError('ERR_HSM_KEY_CHECK', 'the key in the envelope is not the one it names', {
          hint: 'nothing was kept; have the key wrapped again',
        });
      }
    } finally {
      connection.lib.C_DestroyObject(session, trial);
    }
    const made = take(true);
    try {
      requireKey(label, kind, attributes.describeKey(connection.lib, session, made));
    } catch (error) {
      // The token made something else of the template: a key that is not guarded as it must be does not stay.
      connection.lib.C_DestroyObject(session, made);
      throw error;
    }
  });
  return { ...connection.find(label)!.info, kind };
}

function unwrapOrRefuse(
  { lib }: Connection,
  session: Handle,
  transport: Handle,
  { kind, label, wrapped }: UnwrapRequest,
  id: Buffer,
  inToken: boolean,
): Handle {
  const template = attributes.arrivingKeyTemplate(kind, label, id, { inToken });
  try {
    return unwrapUnder(lib, session, transport, wrapped, template);
  } catch (error) {
    if (isNotOffered(error)) {
      const message = `this module cannot unwrap ${mechanismName(wrapped.mechanism)}`;
      throw new HsmError('ERR_HSM_MECHANISM', message, { cause: error, hint: OTHER_DELIVERY });
    }
    if (!NOT_OUR_CIPHERTEXT.has(ckrOf(error) ?? -1)) throw error;
    throw new HsmError('ERR_HSM_UNWRAP', `the module cannot open it: ${ckrName(error)}`, {
      cause: error,
      hint: 'have the key wrapped again for the transport key that this gate has now',
    });
  }
}

/** What modules say of octets that their key does not open; SoftHSM says CKR_GENERAL_ERROR. */
const NOT_OUR_CIPHERTEXT = new Set([
  pkcs11js.CKR_WRAPPED_KEY_INVALID,
  pkcs11js.CKR_WRAPPED_KEY_LEN_RANGE,
  pkcs11js.CKR_ENCRYPTED_DATA_INVALID,
  pkcs11js.CKR_ENCRYPTED_DATA_LEN_RANGE,
  pkcs11js.CKR_GENERAL_ERROR,
  pkcs11js.CKR_FUNCTION_FAILED,
]);

function keyIdOf(
  { lib }: Connection,
  session: Handle,
  key: Handle,
  { kind, eventId }: UnwrapRequest,
): Uint8Array {
  if (kind === 'institution') {
    const read = (type: number) => {
      const value = attributes.readAttribute(lib, session, key, type);
      if (value) return value;
      throw new HsmError('ERR_HSM_KEY_PUBLIC', 'the module does not tell the public part');
    };
    const modulus = read(pkcs11js.CKA_MODULUS);
    return institutionKeyId(rsaSpki(modulus, read(pkcs11js.CKA_PUBLIC_EXPONENT)));
  }
  if (!eventId) throw new RangeError('an event key needs its event id');
  lib.C_SignInit(session, { mechanism: pkcs11js.CKM_SHA512_HMAC }, key);
  const input = Buffer.from(eventKeyIdInput(eventId));
  return lib.C_Sign(session, input, Buffer.alloc(MAC_LENGTH)).subarray(0, 16);
}

/** Resolves only when it is seen to be gone. */
export async function destroyKey(connection: Connection, label: string): Promise<void> {
  const { handle, info } = connection.keyOf(label, 'secret', 'rsa', 'ec');
  const { lib } = connection;
  await connection.withSession((session) => {
    for (const object of connection.objectsOf(label)) lib.C_DestroyObject(session, object);
    connection.forget(label);
    const left = connection.objectsOf(label).length;
    if (left === 0 && !stillComputes(connection, session, handle, info)) return;
    throw new HsmError('ERR_HSM_DESTROY', `key "${label}" is still in the token`, {
      hint: "destroy it with the vendor's tool, and initialise the token anew where that fails",
    });
  });
}

function stillComputes(
  { lib }: Connection,
  session: Handle,
  key: Handle,
  { type }: KeyInfo,
): boolean {
  try {
    if (type === 'secret') {
      lib.C_SignInit(session, { mechanism: pkcs11js.CKM_SHA512_HMAC }, key);
      lib.C_Sign(session, Buffer.alloc(1), Buffer.alloc(MAC_LENGTH));
    } else {
      lib.C_GetAttributeValue(session, key, [{ type: pkcs11js.CKA_CLASS }]);
    }
    return true;
  } catch (error) {
    if (ckrOf(error) === undefined) throw error;
    return false;
  }
}

/** The transport key really unwraps: an AES key made for the moment, there and back. */
export async function tryTransport(connection: Connection, label: string): Promise<void> {
  const { handle } = connection.keyOf(label, 'rsa');
  const transportKey = connection.publicKey(label);
  await connection.withSession((session) => {
    const { lib } = connection;
    const keys = makeWrappingKeys(lib, session, transportKey, false);
    const mechanism = { mechanism: pkcs11js.CKM_GENERIC_SECRET_KEY_GEN };
    const guard = { inToken: false, transportable: 'any' } as const;
    const template = attributes.secretKeyTemplate('', Buffer.alloc(1), guard);
    const secret = lib.C_GenerateKey(session, mechanism, template);
    const info = attributes.describeKey(lib, session, secret);
    const wrapped = wrapFor(
      connection,
      session,
      keys,
      { handle: secret, info },
      TRANSPORT_MECHANISMS,
    );
    const arriving = attributes.arrivingKeyTemplate('event', '', Buffer.alloc(1), guard);
    unwrapUnder(lib, session, handle, wrapped, arriving);
  });
}
