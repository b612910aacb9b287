import { createPublicKey, verify } from 'node:crypto';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { conversionInput, splitConversion } from '@pinless-gate/protocol/conversion';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readVectors } from '../../vectors/read-vectors.ts';
import { makeToken, type TestToken } from './token.ts';

// What any KeyStore must do, against SoftHSM.

let token: TestToken;
let store: KeyStore;

beforeAll(async () => {
  token = await makeToken();
  store = await openKeyStore(token.config);
  await store.generate('institution', 'institution');
  await store.generate('event-1', 'event');
  await store.generate('event-2', 'event');
  await store.generate('publisher', 'publisher');
  await store.generate('device', 'device');
});
afterAll(async () => {
  await store?.close();
  await token?.remove();
});

const code = (expected: string) => expect.objectContaining({ code: expected });
interface ConversionCase {
  readonly serial: string;
  readonly conversionValue: string;
  readonly sealKey: string;
}
const { file, ok } = readVectors<{ issuerName: string; eventKey: string }, ConversionCase>(
  'conversion',
);
const MESSAGE = new Uint8Array(100).fill(7);

async function verifies(label: string, message: Uint8Array, signature: Uint8Array) {
  const spki = Buffer.from(await store.publicKey(label));
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

describe('KeyStore.generate', () => {
  test.each([
    ['institution', 'rsa', 2048],
    ['event-1', 'secret', 512],
    ['publisher', 'ec', 256],
    ['device', 'ec', 256],
  ])(
    '%s: %s of %i bits, made in the token, out of reach, for signing alone',
    async (label, type, bits) => {
      const key = (await store.keys()).find((info) => info.label === label);
      expect(key).toMatchObject({ type, bits, usage: ['sign'] });
      expect(key).toMatchObject({ sensitive: true, alwaysSensitive: true, local: true });
      expect(key).toMatchObject({ extractable: false, neverExtractable: true });
    },
  );

  test('an existing label is refused, whatever the kind', async () => {
    const again = store.generate('institution', 'event');
    await expect(again).rejects.toThrow(code('ERR_HSM_KEY_EXISTS'));
    expect((await store.keys()).filter(({ label }) => label === 'institution')).toHaveLength(1);
  });
});

describe('KeyStore.sign', () => {
  test.each([
    ['institution', 256],
    ['publisher', 64],
    ['device', 64],
  ])('%s: %i octets that node:crypto verifies', async (label, length) => {
    const signature = await store.sign(label, MESSAGE);
    expect(signature).toHaveLength(length);
    expect(await verifies(label, MESSAGE, signature)).toBe(true);
    expect(await verifies(label, MESSAGE.subarray(1), signature)).toBe(false);
  });

  test.each([0, 1, 16, 65_536])('a message of %i octets', async (length) => {
    const message = new Uint8Array(length).fill(3);
    expect(await verifies('institution', message, await store.sign('institution', message))).toBe(
      true,
    );
    expect(await verifies('device', message, await store.sign('device', message))).toBe(true);
  });

  test('more at once than the token has sessions', async () => {
    const messages = Array.from({ length: 20 }, (_, i) => Uint8Array.of(i));
    const signatures = await Promise.all(
      messages.map((message) => store.sign('institution', message)),
    );
    for (const [i, signature] of signatures.entries()) {
      expect(await verifies('institution', messages[i]!, signature)).toBe(true);
    }
  });

  test('a label that does not exist', async () => {
    await expect(store.sign('nobody', MESSAGE)).rejects.toThrow(code('ERR_HSM_KEY_MISSING'));
  });

  test('a secret key does not sign', async () => {
    await expect(store.sign('event-1', MESSAGE)).rejects.toThrow(code('ERR_HSM_KEY_TYPE'));
  });
});

describe('KeyStore.publicKey', () => {
  test('a secret key has none', async () => {
    await expect(store.publicKey('event-1')).rejects.toThrow(code('ERR_HSM_KEY_TYPE'));
  });

  test('a label that does not exist', async () => {
    await expect(store.publicKey('nobody')).rejects.toThrow(code('ERR_HSM_KEY_MISSING'));
  });
});

describe('KeyStore.mac', () => {
  test('64 octets, the same each time, another for another message and another key', async () => {
    const mac = await store.mac('event-1', MESSAGE);
    expect(mac).toHaveLength(64);
    expect(await store.mac('event-1', MESSAGE)).toEqual(mac);
    expect(await store.mac('event-1', MESSAGE.subarray(1))).not.toEqual(mac);
    expect(await store.mac('event-2', MESSAGE)).not.toEqual(mac);
  });

  test.each(['institution', 'publisher'])('%s is no secret key', async (label) => {
    await expect(store.mac(label, MESSAGE)).rejects.toThrow(code('ERR_HSM_KEY_TYPE'));
  });

  test('a label that does not exist', async () => {
    await expect(store.mac('nobody', MESSAGE)).rejects.toThrow(code('ERR_HSM_KEY_MISSING'));
  });
});

describe('KeyStore.macAll', () => {
  test('nothing', async () => {
    expect(await store.macAll('event-1', [])).toEqual([]);
  });

  test('inputs of many lengths, in order, as one by one', async () => {
    const inputs = [0, 1, 64, 127, 128, 129, 1000].map((length) =>
      new Uint8Array(length).fill(length),
    );
    const macs = await store.macAll('event-1', inputs);
    for (const [i, input] of inputs.entries()) {
      expect(Buffer.compare(macs[i]!, await store.mac('event-1', input))).toBe(0);
    }
  });

  test('more than one crossing', async () => {
    const inputs = Array.from({ length: 10_000 }, (_, i) => Uint8Array.of(i >> 8, i));
    const macs = await store.macAll('event-1', inputs);
    expect(macs).toHaveLength(inputs.length);
    for (const i of [0, 8191, 8192, 9999]) {
      expect(Buffer.compare(macs[i]!, await store.mac('event-1', inputs[i]!))).toBe(0);
    }
  });

  test('a label that does not exist', async () => {
    await expect(store.macAll('nobody', [MESSAGE])).rejects.toThrow(code('ERR_HSM_KEY_MISSING'));
  });
});

describe('Converter', () => {
  const issuerName = Uint8Array.of(0x30, 0);
  const serial = Uint8Array.of(7, 5, 0xd9, 0x90);

  test('one, many and by hand agree', async () => {
    const converter = new Converter(store, 'event-1');
    const mac = await store.mac('event-1', conversionInput(issuerName, serial));
    const expected = splitConversion(mac);
    expect(await converter.convert(issuerName, serial)).toEqual(expected);
    const other = { issuerName: Uint8Array.of(0x30, 1), serial };
    const [first, second] = await converter.convertAll([{ issuerName, serial }, other]);
    expect(Buffer.compare(first!.conversionValue, expected.conversionValue)).toBe(0);
    expect(Buffer.compare(second!.conversionValue, expected.conversionValue)).not.toBe(0);
  });

  test('the vectors of a second implementation, in the module', async () => {
    await token.createObject('vector', `imported:${file.eventKey}`);
    const converter = new Converter(store, 'vector');
    const names = ok.map((one) => ({
      issuerName: fromHex(file.issuerName),
      serial: fromHex(one.serial),
    }));
    const conversions = await converter.convertAll(names);
    expect(
      conversions.map(({ conversionValue, sealKey }) => [toHex(conversionValue), toHex(sealKey)]),
    ).toEqual(ok.map(({ conversionValue, sealKey }) => [conversionValue, sealKey]));
  });

  test('the id of an event key is of the key and the event', async () => {
    const id = async (label: string, event: number) =>
      Buffer.from(await new Converter(store, label).eventKeyId(new Uint8Array(16).fill(event)));
    const ids = [await id('event-1', 1), await id('event-1', 2), await id('event-2', 1)];
    expect(ids[0]).toHaveLength(16);
    expect(new Set(ids.map((octets) => octets.toString('hex'))).size).toBe(3);
    expect(await id('event-1', 1)).toEqual(ids[0]);
  });

  test('a serial number that is none', async () => {
    const converter = new Converter(store, 'event-1');
    const zero = { issuerName, serial: Uint8Array.of(0) };
    await expect(converter.convertAll([{ issuerName, serial }, zero])).rejects.toThrow(
      code('ERR_SERIAL_ZERO'),
    );
    await expect(converter.convert(issuerName, new Uint8Array(21).fill(1))).rejects.toThrow(
      code('ERR_SERIAL_LENGTH'),
    );
  });
});

describe('KeyStore.require', () => {
  test('every key is as it must be', async () => {
    const wanted = {
      institution: 'institution',
      'event-1': 'event',
      publisher: 'publisher',
    } as const;
    await expect(store.require(wanted)).resolves.toBeUndefined();
  });

  test('a key that is not there: what to run', async () => {
    const missing = store.require({ 'event-9': 'event' });
    await expect(missing).rejects.toMatchObject({
      code: 'ERR_HSM_KEY_MISSING',
      hint: expect.stringContaining('hsm event-key new --label event-9'),
    });
  });

  test.each([
    ['extractable', 'event', 'ERR_HSM_KEY_EXTRACTABLE'],
    ['readable', 'event', 'ERR_HSM_KEY_SENSITIVE'],
    ['short', 'event', 'ERR_HSM_KEY_SIZE'],
    ['deriving', 'event', 'ERR_HSM_KEY_USAGE'],
    ['silent', 'event', 'ERR_HSM_KEY_USAGE'],
    ['twice', 'event', 'ERR_HSM_KEY_AMBIGUOUS'],
    ['rsa-1024', 'institution', 'ERR_HSM_KEY_SIZE'],
    ['rsa-decrypting', 'institution', 'ERR_HSM_KEY_USAGE'],
  ] as const)('a key of somebody else: %s', async (kind, wanted, expected) => {
    await token.createObject(`foreign-${kind}`, kind);
    const refused = store.require({ [`foreign-${kind}`]: wanted });
    await expect(refused).rejects.toThrow(code(expected));
  });

  test('the wrong kind of key under the label', async () => {
    await expect(store.require({ publisher: 'institution' })).rejects.toThrow(
      code('ERR_HSM_KEY_TYPE'),
    );
  });
});

describe('KeyStore.status', () => {
  test('names module, token and keys, and no problem of a key that is not ours', async () => {
    const status = await store.status();
    expect(status.module.path).toBe(token.config.module);
    expect(status.token).toMatchObject({ label: 'test', serial: token.config.tokenSerial });
    expect(status.keys.map(({ label }) => label)).toContain('institution');
    expect(status.problems).toEqual([]);
  });

  test('a key of ours that can be extracted is a problem', async () => {
    await token.createObject('event-loose', 'extractable');
    const { problems } = await store.status();
    expect(problems).toEqual([code('ERR_HSM_KEY_EXTRACTABLE')]);
  });
});

describe('KeyStore.selftest', () => {
  test('a known answer, and every key used; a key that may do more fails', async () => {
    await token.createObject('event-wide', 'deriving');
    const { passed, checks } = await store.selftest();
    expect(checks).toContainEqual({ name: 'hmac-sha-512-rfc4231', outcome: 'passed' });
    expect(checks).toContainEqual({ name: 'sign-and-verify', label: 'device', outcome: 'passed' });
    expect(checks).toContainEqual({ name: 'hmac-repeats', label: 'event-1', outcome: 'passed' });
    expect(passed).toBe(false);
    const failed = checks
      .filter(({ outcome, label }) => outcome === 'failed' && !label?.startsWith('foreign-'))
      .map(({ label }) => label);
    expect(failed).toEqual(['event-wide']);
  });
});
