import { GateError } from '../errors.ts';

/** Status words by their names in ISO/IEC 7816-4 5.6. */
export const SW_SUCCESS = 0x9000;
export const SW_END_OF_FILE = 0x6282;
export const SW_AUTHENTICATION_FAILED = 0x6300;
export const SW_WRONG_LENGTH = 0x6700;
export const SW_SECURITY_STATUS_NOT_SATISFIED = 0x6982;
export const SW_AUTHENTICATION_METHOD_BLOCKED = 0x6983;
export const SW_REFERENCE_DATA_NOT_USABLE = 0x6984;
export const SW_CONDITIONS_NOT_SATISFIED = 0x6985;
export const SW_WRONG_DATA = 0x6a80;
export const SW_FUNCTION_NOT_SUPPORTED = 0x6a81;
export const SW_FILE_NOT_FOUND = 0x6a82;
export const SW_WRONG_P1_P2 = 0x6a86;
export const SW_REFERENCE_NOT_FOUND = 0x6a88;
export const SW_OUTSIDE_FILE = 0x6b00;
export const SW_INS_NOT_SUPPORTED = 0x6d00;
export const SW_CLA_NOT_SUPPORTED = 0x6e00;
export const SW_NO_PRECISE_DIAGNOSIS = 0x6f00;
/** First octet of 61xx: response octets are waiting. */
export const SW1_MORE_DATA = 0x61;
/** First octet of 6Cxx: wrong Le, xx is the right one. */
export const SW1_WRONG_LE = 0x6c;
/** 63Cx: a counter, x tries left. */
export const SW_COUNTER = 0x63c0;

const NAMES: Readonly<Record<number, string>> = {
  [SW_SUCCESS]: 'success',
  [SW_END_OF_FILE]: 'end of file',
  [SW_AUTHENTICATION_FAILED]: 'authentication failed',
  [SW_WRONG_LENGTH]: 'wrong length',
  [SW_SECURITY_STATUS_NOT_SATISFIED]: 'security status not satisfied',
  [SW_AUTHENTICATION_METHOD_BLOCKED]: 'authentication method blocked',
  [SW_REFERENCE_DATA_NOT_USABLE]: 'reference data not usable',
  [SW_CONDITIONS_NOT_SATISFIED]: 'conditions of use not satisfied',
  [SW_WRONG_DATA]: 'wrong data',
  [SW_FUNCTION_NOT_SUPPORTED]: 'function not supported',
  [SW_FILE_NOT_FOUND]: 'file or application not found',
  [SW_WRONG_P1_P2]: 'wrong parameters P1-P2',
  [SW_REFERENCE_NOT_FOUND]: 'referenced data not found',
  [SW_OUTSIDE_FILE]: 'outside the file',
  [SW_INS_NOT_SUPPORTED]: 'instruction not supported',
  [SW_CLA_NOT_SUPPORTED]: 'class not supported',
  [SW_NO_PRECISE_DIAGNOSIS]: 'no precise diagnosis',
};

/** `6A82 (file or application not found)`. */
export function formatStatusWord(sw: number): string {
  const name =
    NAMES[sw] ??
    ((sw & 0xfff0) === SW_COUNTER
      ? `${sw & 0xf} tries left`
      : sw >> 8 === SW1_MORE_DATA
        ? 'more data'
        : sw >> 8 === SW1_WRONG_LE
          ? 'wrong Le'
          : 'unknown');
  return `${sw.toString(16).toUpperCase().padStart(4, '0')} (${name})`;
}

/** The card refused a command. `step` is the command's name in the standard. */
export class StatusWordError extends GateError {
  readonly step: string;
  readonly sw: number;

  constructor(step: string, sw: number) {
    super('ERR_APDU_STATUS', `${step}: card answered ${formatStatusWord(sw)}`);
    this.step = step;
    this.sw = sw;
  }
}
