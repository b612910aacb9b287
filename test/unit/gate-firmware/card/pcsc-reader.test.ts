import { PcscReader } from '@pinless-gate/gate-firmware/card/pcsc';
import type { PcscContext } from '@pinless-gate/gate-firmware/card/pcsc-lite';
import { beforeEach, describe, expect, test, vi } from 'vitest';

// A reader that is pulled out, and what pcsc-lite says of it: no virtual driver lets itself be pulled out.

const service = vi.hoisted(() => ({
  names: [] as string[],
  /** Answers the next commands so. */
  failure: 0,
  contexts: 0,
}));

vi.mock('@pinless-gate/gate-firmware/card/pcsc-lite', async (original) => {
  const real = await original<typeof import('@pinless-gate/gate-firmware/card/pcsc-lite')>();
  const failed = (call: string) => new real.PcscFailure(call, service.failure);
  class FakeContext implements Pick<PcscContext, 'readers' | 'stateChange' | 'release'> {
    constructor() {
      service.contexts += 1;
    }
    readers = () => service.names;
    stateChange = async () => real.SCARD_STATE_PRESENT;
    release = () => {
      service.contexts -= 1;
    };
    connect = (reader: string) => {
      if (!service.names.includes(reader)) throw new real.PcscFailure('SCardConnect', 0x80100009);
      return {
        transmit: () => {
          if (service.failure !== 0) throw failed('SCardTransmit');
          return Uint8Array.of(0x90, 0x00);
        },
        disconnect: () => undefined,
      };
    };
  }
  return { ...real, PcscContext: FakeContext };
});

const COMMAND = [Uint8Array.of(0x00, 0xa4, 0x04, 0x0c)];
const ACS = 'ACS ACR1252 1S CL Reader [ACR1252 Reader PICC] (RR123-000456)';
const SCARD_E_READER_UNAVAILABLE = 0x80100017;

beforeEach(() => Object.assign(service, { names: [`${ACS} 00 00`], failure: 0, contexts: 0 }));

describe('a reader pulled out', () => {
  test('while nobody is there: missing, and well again when it is back', async () => {
    const reader = new PcscReader(undefined);
    expect(await reader.watch(undefined, 0)).toMatchObject({ reader: `${ACS} 00 00` });
    service.names = [];
    expect(await reader.watch(undefined, 0)).toEqual({ kind: 'no-reader', names: [] });
    service.names = [`${ACS} 00 00`];
    expect(await reader.watch(undefined, 0)).toMatchObject({ kind: 'present' });
  });

  test('in the middle of a command: a fault of the reader, and nothing of the session is left', async () => {
    const reader = new PcscReader(undefined);
    await reader.watch(undefined, 0);
    reader.connect();
    expect(reader.transmit(COMMAND)).toHaveLength(1);
    Object.assign(service, { names: [], failure: SCARD_E_READER_UNAVAILABLE });
    expect(() => reader.transmit(COMMAND)).toThrow(
      expect.objectContaining({ code: 'ERR_READER', name: 'ReaderError' }),
    );
    expect(service.contexts).toBe(0);
    expect(() => reader.disconnect()).not.toThrow();
    expect(await reader.watch(undefined, 0)).toMatchObject({ kind: 'no-reader' });
    Object.assign(service, { names: [`${ACS} 01 00`], failure: 0 });
    expect(await reader.watch(undefined, 0)).toMatchObject({ reader: `${ACS} 01 00` });
    reader.connect();
    expect(reader.transmit(COMMAND)).toHaveLength(1);
  });
});

describe('the name of a reader', () => {
  const other = 'ACS ACR1252 1S CL Reader [ACR1252 Reader PICC] (RR123-000789)';

  test.each<[string, string | undefined, string[], string | object]>([
    ['whole', `${ACS} 00 00`, [`${ACS} 00 00`, `${other} 01 00`], `${ACS} 00 00`],
    ['without its numbers', ACS, [`${other} 00 00`, `${ACS} 01 00`], `${ACS} 01 00`],
    ['whole, plugged in as another', `${ACS} 00 00`, [`${ACS} 01 00`], { kind: 'no-reader' }],
    ['a beginning is no name', 'ACS ACR1252', [`${ACS} 00 00`], { kind: 'no-reader' }],
    ['two of one kind without a serial', 'X', ['X 00 00', 'X 01 00', 'Y 02 00'], several('X')],
    ['none given, two there', undefined, ['X 00 00', 'X 01 00'], several('X')],
    ['none given, one there', undefined, ['X 0A 00'], 'X 0A 00'],
  ])('%s', async (_, wanted, names, expected) => {
    service.names = names;
    const state = await new PcscReader(wanted).watch(undefined, 0);
    expect(state).toMatchObject(typeof expected === 'string' ? { reader: expected } : expected);
  });
});

function several(name: string): object {
  return { kind: 'several-readers', names: [`${name} 00 00`, `${name} 01 00`] };
}
