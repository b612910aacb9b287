import type { ErrorCode } from '@pinless-gate/protocol/errors';
import pkcs11js from 'pkcs11js';
import { HsmError } from '../key-store.ts';

/**
 * The CKR value of an error of the module; `undefined` for anything else. The binding wraps the errors of most
 * functions, and leaves those of C_FindObjects and C_CreateObject as plain errors that say `CKR_NAME:value`.
 */
export function ckrOf(error: unknown): number | undefined {
  if (error instanceof pkcs11js.Pkcs11Error) return error.code;
  const value = error instanceof Error ? /^CKR_\w+:(\d+)/.exec(error.message)?.[1] : undefined;
  return value === undefined ? undefined : Number(value);
}

/** `CKR_DEVICE_ERROR`, for messages. */
export function ckrName(error: unknown): string {
  return /CKR_\w+/.exec((error as Error).message)?.[0] ?? 'failed';
}

const { CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKR_PIN_EXPIRED, CKR_PIN_INVALID } = pkcs11js;
const PIN_REFUSED = new Set([
  CKR_PIN_INCORRECT,
  CKR_PIN_LOCKED,
  CKR_PIN_EXPIRED,
  CKR_PIN_INVALID,
  pkcs11js.CKR_PIN_LEN_RANGE,
]);

/** The token said no to the PIN: trying again could lock it. */
export function isPinRefused(error: unknown): boolean {
  const ckr = ckrOf(error);
  return ckr !== undefined && PIN_REFUSED.has(ckr);
}

const CONNECTION_LOST = new Set([
  pkcs11js.CKR_SESSION_HANDLE_INVALID,
  pkcs11js.CKR_SESSION_CLOSED,
  pkcs11js.CKR_OBJECT_HANDLE_INVALID, // what SoftHSM says of every key when its token is gone
  pkcs11js.CKR_KEY_HANDLE_INVALID,
  pkcs11js.CKR_USER_NOT_LOGGED_IN,
  pkcs11js.CKR_DEVICE_ERROR,
  pkcs11js.CKR_DEVICE_REMOVED,
  pkcs11js.CKR_TOKEN_NOT_PRESENT,
  pkcs11js.CKR_TOKEN_NOT_RECOGNIZED,
  pkcs11js.CKR_SLOT_ID_INVALID,
  pkcs11js.CKR_CRYPTOKI_NOT_INITIALIZED,
  pkcs11js.CKR_GENERAL_ERROR,
  pkcs11js.CKR_FUNCTION_FAILED,
  pkcs11js.CKR_OPERATION_ACTIVE, // a session that an earlier failure left in mid-operation
]);

/** The connection was given up while the operation waited: its handles may by now name other objects. */
export class ConnectionClosedError extends HsmError {
  constructor() {
    super('ERR_HSM_DEVICE', 'the connection to the token was lost');
  }
}

/** Sessions and handles are worth nothing any more; a new C_Initialize may heal it. */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof ConnectionClosedError) return true;
  const ckr = ckrOf(error);
  return ckr !== undefined && CONNECTION_LOST.has(ckr);
}

/** An error of the module in our words; `step` is the PKCS#11 function. Other errors come back as they are. */
export function hsmError(step: string, error: unknown): unknown {
  const ckr = ckrOf(error);
  if (ckr === undefined && !(error instanceof pkcs11js.NativeError)) return error;
  const [code, hint] = explain(ckr, error);
  const details = hint === undefined ? { cause: error } : { cause: error, hint };
  return new HsmError(code, `${step}: ${ckrName(error)}`, details);
}

function explain(ckr: number | undefined, error: unknown): [ErrorCode, string?] {
  if (isPinRefused(error)) {
    const hint =
      ckr === CKR_PIN_LOCKED
        ? 'the token has locked the PIN: reset it with the security officer PIN'
        : 'put the right PIN into the PIN file and start again: a wrong one is tried once and never again';
    return ['ERR_HSM_PIN', hint];
  }
  if (ckr === pkcs11js.CKR_MECHANISM_INVALID || ckr === pkcs11js.CKR_FUNCTION_NOT_SUPPORTED) {
    return ['ERR_HSM_MECHANISM', 'this module does not offer the mechanism: see docs/hsm.md'];
  }
  if (ckr === pkcs11js.CKR_SESSION_COUNT) {
    return ['ERR_HSM_SESSIONS', 'the token gives no more sessions: end other programs that use it'];
  }
  if (ckr === pkcs11js.CKR_TOKEN_WRITE_PROTECTED || ckr === pkcs11js.CKR_SESSION_READ_ONLY) {
    return ['ERR_HSM_READ_ONLY', 'the token is write-protected'];
  }
  if (isConnectionLost(error)) {
    return ['ERR_HSM_DEVICE', 'check that the token is plugged in and its files are there'];
  }
  return ['ERR_HSM_FAILED'];
}
