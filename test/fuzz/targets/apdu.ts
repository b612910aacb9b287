import { decodeCommandApdu, encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { decodeResponseApdu, encodeResponseApdu } from '@pinless-gate/protocol/apdu/response';
import { formatStatusWord } from '@pinless-gate/protocol/apdu/status-word';
import { equal } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { type FuzzTarget, hold } from '../target.ts';

/** Every input is read as a response, then as a command. */
export const apdu: FuzzTarget = {
  name: 'apdu',
  open: () => (input) => {
    checkResponse(input);
    const command = decodeCommandApdu(input);
    const encoded = encodeCommandApdu(command);
    // Lengths may have come in the extended form where the short one would do: it is not longer at least.
    hold(encoded.length <= input.length, 'a command became longer');
    hold(equal(encodeCommandApdu(decodeCommandApdu(encoded)), encoded), 'a command changed');
    if (encoded.length === input.length) hold(equal(encoded, input), 'a command changed');
    return true;
  },
};

function checkResponse(input: Uint8Array): void {
  try {
    const response = decodeResponseApdu(input);
    hold(equal(encodeResponseApdu(response), input), 'a response changed');
    hold(formatStatusWord(response.sw).length < 60, 'a long name of a status word');
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
  }
}
