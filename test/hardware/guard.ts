import type { Transmit } from '@pinless-gate/gate-firmware/card/channel';
import { type Transcript, transcribed } from '@pinless-gate/gate-firmware/card/transcript';
import { toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';

/** What this script may send, by INS: it reads and proves, and never spends a try of a PIN. */
const PERMITTED: ReadonlySet<number> = new Set([
  0xa4, // SELECT
  0xb0, // READ BINARY
  0xc0, // GET RESPONSE
  0x22, // MANAGE SECURITY ENVIRONMENT
  0x2a, // PERFORM SECURITY OPERATION
  0xa2, // load a CV certificate, proprietary
  0x84, // GET CHALLENGE
  0x82, // EXTERNAL AUTHENTICATE
  0x88, // INTERNAL AUTHENTICATE
]);
const INS_EXTERNAL_AUTHENTICATE = 0x82;
const INS_VERIFY = 0x20;
/** How many tries the birth date has left: costs none. */
const QUERY_BIRTH_DATE = '00200091';
const PRESENT_BIRTH_DATE = `${QUERY_BIRTH_DATE}06`;

/** Between the dialogue and the reader: one command at a time, so that each has its own time and line. */
export class Guard {
  readonly transmit: Transmit;
  #allowed = false;
  #birthDateAllowed = false;

  constructor(transmit: Transmit, transcript: Transcript, now: () => number) {
    const guarded: Transmit = async (commands, timeoutMs) => {
      for (const command of commands) this.#check(command);
      return transmit(commands, timeoutMs);
    };
    this.transmit = transcribed(guarded, transcript, now);
  }

  /** The next EXTERNAL AUTHENTICATE may pass; the one after it may not. */
  allowExternalAuthenticate(): void {
    this.#allowed = true;
  }

  /** The next VERIFY of the birth date may pass, and no other. */
  allowBirthDate(): void {
    this.#birthDateAllowed = true;
  }

  #check(command: Uint8Array): void {
    const ins = command[1]!;
    if (ins === INS_VERIFY) this.#checkVerify(toHex(command));
    else if (!PERMITTED.has(ins))
      throw refused(`INS ${ins.toString(16)} is not among what may be sent`);
    if (ins !== INS_EXTERNAL_AUTHENTICATE) return;
    if (!this.#allowed)
      throw refused('EXTERNAL AUTHENTICATE was not agreed to, or went out before');
    this.#allowed = false;
  }

  #checkVerify(command: string): void {
    if (command === QUERY_BIRTH_DATE) return;
    if (!command.startsWith(PRESENT_BIRTH_DATE)) throw refused('VERIFY of another reference');
    if (!this.#birthDateAllowed) {
      throw refused('the birth date was not agreed to, or went out before');
    }
    this.#birthDateAllowed = false;
  }
}

function refused(why: string): GateError {
  return new GateError('ERR_HARDWARE_GUARD', `not sent: ${why}`);
}
