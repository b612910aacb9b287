import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import graphene from 'graphene-pk11';
import pkcs11js from 'pkcs11js';
import { HsmError } from '../key-store.ts';
import { ckrOf, hsmError } from './errors.ts';
import {
  finalizeModule,
  findToken,
  initializeModule,
  loadModule,
  openSession,
  slotsOf,
  tokenIn,
} from './module.ts';

export interface NewToken {
  readonly module: string;
  /** ASCII, at most 32 characters. */
  readonly label: string;
  /** Files to be made, mode 0600: the PINs are drawn here and stored nowhere else. */
  readonly pinFile: string;
  readonly soPinFile: string;
  /** Chosen by whoever will type it: no PIN file is made then. */
  readonly pin?: string | undefined;
}

const PIN_CHARACTERS = 32;
const LABEL_LENGTH = 32;

/** Initialises the first empty slot and proves that the new PIN opens it. Returns the token's serial number. */
export function initializeToken(token: NewToken): string {
  const { module: path, label, pinFile, soPinFile, pin: chosen } = token;
  const module = loadModule(path);
  const slots = slotsOf(module);
  if (slots.some((slot) => tokenIn(slot)?.label === label)) {
    throw new HsmError('ERR_HSM_TOKEN_EXISTS', `a token labelled "${label}" exists already`, {
      hint: 'a token is never initialised again, since that destroys its keys: choose another label',
    });
  }
  const slot = slots.find((candidate) => !tokenIn(candidate));
  if (!slot) {
    throw new HsmError('ERR_HSM_TOKEN_SLOT', 'the module has no empty slot', {
      hint: 'make one with the tool of its vendor',
    });
  }
  const { minPinLen, maxPinLen } = slot.getToken();
  const length = Math.min(PIN_CHARACTERS, maxPinLen || PIN_CHARACTERS);
  if (chosen !== undefined) checkPinLength(chosen, minPinLen, maxPinLen);
  // Written before they are set: a PIN that is set and then lost is a lost token.
  const soPin = writeNewPin(soPinFile, length);
  let pin: string;
  try {
    pin = chosen ?? writeNewPin(pinFile, length);
  } catch (error) {
    unlinkSync(soPinFile);
    throw error;
  }
  try {
    // Not graphene's initToken: it works on the result of this call, which has none.
    // The label is 32 octets padded with blanks (PKCS#11 v2.40 5.5), which the binding leaves to its caller.
    module.lib.C_InitToken(slot.handle, soPin, label.padEnd(LABEL_LENGTH));
  } catch (error) {
    if (ckrOf(error) === undefined) throw error;
    unlinkSync(soPinFile);
    if (chosen === undefined) unlinkSync(pinFile);
    throw hsmError('C_InitToken', error);
  }
  // The new token has another slot number, and some modules show it only after C_Initialize.
  finalizeModule(module);
  initializeModule(module);
  const fresh = findToken(module, { module: path, tokenLabel: label, pinFile, environment: {} });
  setUserPin(fresh, soPin, pin);
  const { serialNumber } = fresh.getToken();
  finalizeModule(module);
  return serialNumber;
}

function checkPinLength(pin: string, least: number, most: number): void {
  const length = Buffer.byteLength(pin);
  if (length >= least && (most === 0 || length <= most)) return;
  const what = `the PIN has ${length} octets, this token takes ${least} to ${most}`;
  throw new HsmError('ERR_HSM_PIN_LENGTH', what);
}

function setUserPin(slot: graphene.Slot, soPin: string, pin: string): void {
  const session = openSession(slot, pkcs11js.CKF_RW_SESSION);
  try {
    session.login(soPin, graphene.UserType.SO);
    session.initPin(pin);
    session.logout();
    session.login(pin, graphene.UserType.USER);
  } catch (error) {
    throw hsmError('C_InitPIN', error);
  } finally {
    session.close();
  }
}

function writeNewPin(path: string, length: number): string {
  const pin = randomBytes(length).toString('base64url').slice(0, length);
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    writeSync(file, `${pin}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return pin;
}
