import { readFileSync, statSync } from 'node:fs';
import graphene from 'graphene-pk11';
import pkcs11js from 'pkcs11js';
import type { HsmConfig } from '../config.ts';
import { HsmError } from '../key-store.ts';
import { ckrOf, hsmError } from './errors.ts';

export type Handle = pkcs11js.Handle;
export type Cryptoki = pkcs11js.PKCS11;

/** Loads the library and initialises it for use from several threads (PKCS#11 v2.40 5.4). */
export function loadModule(path: string): graphene.Module {
  let module: graphene.Module;
  try {
    module = graphene.Module.load(path);
  } catch (cause) {
    throw new HsmError('ERR_HSM_MODULE', `${path}: cannot be loaded as a PKCS#11 module`, {
      cause,
      hint: 'check module in the configuration: the path of a .so file for this machine',
    });
  }
  initializeModule(module);
  return module;
}

export function initializeModule(module: graphene.Module): void {
  try {
    module.initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK });
  } catch (cause) {
    throw new HsmError('ERR_HSM_MODULE', `C_Initialize: ${(cause as Error).message}`, {
      cause,
      hint: 'check the environment that the module needs, and that its token files are there',
    });
  }
}

/** Slots are renumbered by upgrades and by C_InitToken: a token is known by its label and serial number. */
export function findToken(module: graphene.Module, config: HsmConfig): graphene.Slot {
  const found: { slot: graphene.Slot; serial: string }[] = [];
  const others: string[] = [];
  for (const slot of slotsOf(module)) {
    const token = tokenIn(slot);
    if (!token) continue;
    const { label, serialNumber: serial } = token;
    const meant =
      label === config.tokenLabel &&
      (config.tokenSerial === undefined || serial === config.tokenSerial);
    if (meant) found.push({ slot, serial });
    else others.push(`"${label}" (serial ${serial})`);
  }
  const serialWords = config.tokenSerial === undefined ? '' : ` with serial ${config.tokenSerial}`;
  const wanted = `token labelled "${config.tokenLabel}"${serialWords}`;
  if (found.length === 0) {
    const there = others.length === 0 ? 'no initialised token' : others.join(', ');
    throw new HsmError('ERR_HSM_TOKEN_MISSING', `no ${wanted} in this module`, {
      hint: `the module has ${there}; check token_label and token_serial, or run: hsm init`,
    });
  }
  if (found.length > 1) {
    throw new HsmError('ERR_HSM_TOKEN_AMBIGUOUS', `${found.length} tokens are a ${wanted}`, {
      hint: `set token_serial to one of ${found.map(({ serial }) => serial).join(', ')}`,
    });
  }
  return found[0]!.slot;
}

export function slotsOf(module: graphene.Module): graphene.Slot[] {
  try {
    return [...module.getSlots(true)];
  } catch (error) {
    throw hsmError('C_GetSlotList', error);
  }
}

/** `undefined` where the slot holds no initialised token, or lost it between two calls. */
export function tokenIn(slot: graphene.Slot): graphene.Token | undefined {
  try {
    const token = slot.getToken();
    return token.flags & pkcs11js.CKF_TOKEN_INITIALIZED ? token : undefined;
  } catch (error) {
    if (ckrOf(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * Logs the user in on a new session, which must stay open for as long as the login is to last. The PIN is
 * read here and nowhere else, and tried once.
 */
export function login(
  slot: graphene.Slot,
  token: graphene.Token,
  config: Pick<HsmConfig, 'pin' | 'pinFile'>,
): graphene.Session {
  const { CKF_USER_PIN_LOCKED, CKF_USER_PIN_FINAL_TRY } = pkcs11js;
  if (token.flags & CKF_USER_PIN_LOCKED) {
    throw new HsmError('ERR_HSM_PIN', 'the token has locked the PIN; it was not tried', {
      hint: 'reset it with the security officer PIN',
    });
  }
  if (token.flags & CKF_USER_PIN_FINAL_TRY) {
    throw new HsmError('ERR_HSM_PIN', 'one more wrong PIN locks the token; it was not tried', {
      hint: 'log in once by hand with the right PIN, which clears the count, then put it into the PIN file',
    });
  }
  const pin = config.pin ?? readPin(config.pinFile);
  const session = openSession(slot);
  try {
    session.login(pin, graphene.UserType.USER);
  } catch (error) {
    // Another session of this process did it before: the login is the process's, not the session's.
    if (ckrOf(error) === pkcs11js.CKR_USER_ALREADY_LOGGED_IN) return session;
    session.close();
    throw hsmError('C_Login', error);
  }
  return session;
}

export function openSession(slot: graphene.Slot, flags = 0): graphene.Session {
  try {
    return slot.open(pkcs11js.CKF_SERIAL_SESSION | flags);
  } catch (error) {
    throw hsmError('C_OpenSession', error);
  }
}

export function readPin(path: string): string {
  let text: string;
  try {
    if (statSync(path).mode & 0o007) {
      throw new HsmError('ERR_HSM_PIN_FILE', `${path}: anybody on this machine can read the PIN`, {
        hint: `chmod 600 ${path}, and change the PIN if others use this machine`,
      });
    }
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof HsmError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new HsmError('ERR_HSM_PIN_FILE', `${path}: the PIN cannot be read (${code})`, {
      cause,
      hint: 'check pin_file in the configuration',
    });
  }
  const pin = text.replace(/\r?\n$/, '');
  if (pin === '') throw new HsmError('ERR_HSM_PIN_FILE', `${path}: the PIN file is empty`);
  return pin;
}

/** Ends every session and the login; a module that is already gone is fine. */
export function finalizeModule(module: graphene.Module): void {
  try {
    module.finalize();
  } catch (error) {
    const why = hsmError('C_Finalize', error);
    if (!(why instanceof HsmError)) throw why;
  }
}
