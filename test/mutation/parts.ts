/** A part of the verifying core, and the tests that must tell every change of it. */
export interface Part {
  readonly name: string;
  readonly mutate: string;
  readonly tests: readonly string[];
}

const UNIT = 'test/unit/protocol';

/** Its own tests, and vectors of others: what only some other room's test would find is not tested. */
export const PARTS: readonly Part[] = [
  { name: 'tlv', mutate: 'protocol/src/tlv.ts', tests: [`${UNIT}/tlv.test.ts`] },
  { name: 'apdu', mutate: 'protocol/src/apdu/*.ts', tests: [`${UNIT}/apdu/`] },
  {
    name: 'certificate',
    mutate: 'protocol/src/certificate/*.ts',
    tests: [`${UNIT}/certificate/`],
  },
  {
    name: 'cvc',
    mutate: 'protocol/src/cvc/*.ts',
    tests: [`${UNIT}/cvc/`, 'test/vectors/cvc-jpki.test.ts', 'test/vectors/openpace.test.ts'],
  },
];
