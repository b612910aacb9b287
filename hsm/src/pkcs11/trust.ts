import graphene from 'graphene-pk11';
import pkcs11js from 'pkcs11js';
import { HsmError, type WrapTarget } from '../key-store.ts';
import { secretKeyTemplate } from './attributes.ts';
import { destroyWrappingKeys, makeWrappingKeys, type WrappingKeys } from './carriage.ts';
import { ckrOf, hsmError, isPinRefused } from './errors.ts';
import { type Cryptoki, type Handle, openSession, readPin } from './module.ts';

const { CKA_TRUSTED, CKA_WRAP_WITH_TRUSTED } = pkcs11js;

/**
 * Whether the module holds a key with CKA_WRAP_WITH_TRUSTED to trusted wrapping keys, and lets no user make one
 * trusted (PKCS#11 v2.40 4.11). Tried, not asked: on the session, with keys made for the moment.
 */
export function enforcesTrust(lib: Cryptoki, session: Handle): boolean {
  const made: Handle[] = [];
  const attempt = <T>(run: () => T): T | undefined => {
    try {
      return run();
    } catch (error) {
      if (ckrOf(error) === undefined) throw error;
      return undefined;
    }
  };
  try {
    const kek = attempt(() => kekOf(lib, session, []));
    if (kek === undefined) return false;
    made.push(kek);
    const trusted = attempt(() => kekOf(lib, session, [{ type: CKA_TRUSTED, value: true }]));
    if (trusted !== undefined) {
      made.push(trusted);
      return false;
    }
    const guard = { inToken: false, transportable: 'trusted' } as const;
    const template = secretKeyTemplate('', Buffer.alloc(1), guard);
    const mechanism = { mechanism: pkcs11js.CKM_GENERIC_SECRET_KEY_GEN };
    const key = attempt(() => lib.C_GenerateKey(session, mechanism, template));
    if (key === undefined) return false;
    made.push(key);
    const off = [{ type: CKA_WRAP_WITH_TRUSTED, value: false }];
    if (attempt(() => lib.C_SetAttributeValue(session, key, off) ?? true)) return false;
    const by = { mechanism: pkcs11js.CKM_AES_KEY_WRAP };
    return refusesAsUntrusted(() => lib.C_WrapKey(session, by, kek, key, Buffer.alloc(128)));
  } finally {
    for (const object of made) lib.C_DestroyObject(session, object);
  }
}

function kekOf(lib: Cryptoki, session: Handle, more: pkcs11js.Template): Handle {
  return lib.C_GenerateKey(session, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [
    { type: pkcs11js.CKA_TOKEN, value: false },
    { type: pkcs11js.CKA_WRAP, value: true },
    { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
    ...more,
  ]);
}

function refusesAsUntrusted(wrap: () => unknown): boolean {
  try {
    wrap();
    return false;
  } catch (error) {
    return ckrOf(error) === pkcs11js.CKR_KEY_NOT_WRAPPABLE;
  }
}

/** Wrapping keys that the security officer marked as trusted: session objects, gone when this is closed. */
export class OfficersKeys {
  readonly #soPinFile: string;
  readonly #targets: readonly WrapTarget[];
  #session: graphene.Session | undefined;
  keys: readonly WrappingKeys[] = [];

  constructor(soPinFile: string, targets: readonly WrapTarget[]) {
    this.#soPinFile = soPinFile;
    this.#targets = targets;
  }

  get session(): Handle {
    return this.#session!.handle;
  }

  /** Nobody is logged in, before and after. The officer's PIN is tried once. */
  make(slot: graphene.Slot): void {
    const { CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED } = pkcs11js;
    if (slot.getToken().flags & (CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED)) {
      throw new HsmError('ERR_HSM_SO_PIN', "the officer's PIN is locked or at its last try", {
        hint: 'it was not tried: log in once by hand with the right one',
      });
    }
    const pin = readPin(this.#soPinFile);
    const session = openSession(slot, pkcs11js.CKF_RW_SESSION);
    this.#session = session;
    try {
      session.login(pin, graphene.UserType.SO);
      const { lib } = slot;
      this.keys = this.#targets.map(({ transportKey }) =>
        makeWrappingKeys(lib, session.handle, transportKey, true),
      );
      session.logout();
    } catch (error) {
      this.close();
      if (!isPinRefused(error)) throw hsmError('C_GenerateKey', error);
      throw new HsmError('ERR_HSM_SO_PIN', "the token refused the security officer's PIN", {
        cause: error,
        hint: 'it was tried once: put the right one into the file',
      });
    }
  }

  close(): void {
    const session = this.#session;
    this.#session = undefined;
    if (!session) return;
    try {
      const { lib } = session.slot;
      for (const keys of this.keys) destroyWrappingKeys(lib, session.handle, keys);
      session.close();
    } catch (error) {
      // The connection was lost meanwhile, and with it the session and its objects.
      if (ckrOf(error) === undefined) throw error;
    }
  }
}
