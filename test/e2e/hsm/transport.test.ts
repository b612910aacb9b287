import { dirname, join } from 'node:path';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type {
  Capabilities,
  KeyStore,
  UnwrapRequest,
  WrappedKey,
} from '@pinless-gate/hsm/key-store';
import { equal, toHex } from '@pinless-gate/protocol/bytes';
import { eventKeyIdInput } from '@pinless-gate/protocol/conversion';
import { institutionKeyId } from '@pinless-gate/protocol/key-envelope';
import { mechanismByName, mechanismName } from '@pinless-gate/protocol/transport-mechanism';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeKeyStore } from '../../fakes/key-store.ts';
import { makeToken, type TestToken } from './token.ts';

// A key from one SoftHSM token to another, and to and from an implementation that is not SoftHSM.

const EVENT_ID = new Uint8Array(16).fill(7);
const MESSAGE = new Uint8Array(84).fill(1);
const SHA1 = mechanismByName('rsa-oaep-sha1+aes-256-kwp')!;
let tokens: { issuer: TestToken; gate: TestToken };
let issuer: KeyStore;
let gate: KeyStore;
let soPin: string;
let capabilities: Capabilities;
let keyId: Uint8Array;

beforeAll(async () => {
  tokens = { issuer: await makeToken('issuer'), gate: await makeToken('gate') };
  [issuer, gate] = await Promise.all([
    openKeyStore(tokens.issuer.config),
    openKeyStore(tokens.gate.config),
  ]);
  soPin = join(dirname(tokens.issuer.configFile), 'so-pin');
  await gate.generate('transport', 'transport');
  await issuer.generate('event-1', 'event', { transportable: true });
  await issuer.generate('event-stays', 'event');
  capabilities = await gate.capabilities();
  keyId = await idOf(issuer, 'event-1');
}, 60_000);
afterAll(async () => {
  await issuer?.close();
  await gate?.close();
  await tokens?.issuer.remove();
  await tokens?.gate.remove();
});

const code = (expected: string) => expect.objectContaining({ code: expected });

async function idOf(store: KeyStore, label: string): Promise<Uint8Array> {
  return (await store.mac(label, eventKeyIdInput(EVENT_ID))).slice(0, 16);
}

async function wrapped(mechanisms = capabilities.unwraps): Promise<WrappedKey> {
  const target = { transportKey: await gate.publicKey('transport'), mechanisms };
  const [one] = await issuer.wrap('event-1', [target], soPin);
  return one!;
}

const request = (one: WrappedKey, label = 'event-1'): UnwrapRequest => ({
  transport: 'transport',
  kind: 'event',
  label,
  keyId,
  eventId: EVENT_ID,
  wrapped: one,
});

describe('KeyStore.capabilities', () => {
  test('SoftHSM 2.6.1: everything but OAEP with more than SHA-1, and it enforces trust', () => {
    const names = ['rsa-oaep-sha1+aes-256-kwp', 'rsa-oaep-sha1+aes-256-kw', 'rsa-oaep-sha1'];
    expect(capabilities.wraps.map(mechanismName)).toEqual(names);
    expect(capabilities.unwraps.map(mechanismName)).toEqual(names);
    expect(capabilities.enforcesTrust).toBe(true);
    for (const { mechanism, outcome, why, without } of capabilities.checks) {
      const beyond = /rsa-oaep-sha(256|384|512)/.test(mechanism);
      expect([mechanism, outcome]).toEqual([mechanism, beyond ? 'missing' : 'works']);
      if (beyond) expect([why, without]).toEqual(['CKR_ARGUMENTS_BAD', expect.any(String)]);
    }
  });

  test('leaves nothing in the token', async () => {
    expect((await gate.keys()).map(({ label }) => label)).toEqual(['transport']);
  });
});

describe('a key that may move', () => {
  test('leaves under keys that the security officer trusts, and no others', async () => {
    const target = { transportKey: await gate.publicKey('transport'), mechanisms: [SHA1] };
    await expect(issuer.wrap('event-1', [target])).rejects.toThrow(code('ERR_HSM_KEY_UNTRUSTED'));
  });

  test("a wrong security officer's PIN is tried once, and the user's login is not lost", async () => {
    const target = { transportKey: await gate.publicKey('transport'), mechanisms: [SHA1] };
    const wrong = tokens.issuer.config.pinFile;
    await expect(issuer.wrap('event-1', [target], wrong)).rejects.toThrow(code('ERR_HSM_SO_PIN'));
    expect(await idOf(issuer, 'event-1')).toEqual(keyId);
  });

  test('a key that was made to stay does not leave', async () => {
    const target = { transportKey: await gate.publicKey('transport'), mechanisms: [SHA1] };
    const refused = issuer.wrap('event-stays', [target], soPin);
    await expect(refused).rejects.toThrow(code('ERR_HSM_KEY_UNEXTRACTABLE'));
  });

  test('a gate refuses it, an issuer takes it', async () => {
    const labels = { 'event-1': 'event' } as const;
    await expect(issuer.require(labels)).rejects.toThrow(code('ERR_HSM_KEY_EXTRACTABLE'));
    await expect(issuer.require(labels, { transportable: true })).resolves.toBeUndefined();
  });

  test('where the module could hold it to trusted keys, one that is not held is refused', async () => {
    await tokens.issuer.createObject('event-loose', 'extractable');
    const loose = issuer.require({ 'event-loose': 'event' }, { transportable: true });
    await expect(loose).rejects.toThrow(code('ERR_HSM_KEY_EXTRACTABLE'));
    await issuer.destroy('event-loose');
  });
});

describe('KeyStore.unwrap', () => {
  test('the same conversion values on both sides, and the key does not leave again', async () => {
    const one = await wrapped();
    expect(mechanismName(one.mechanism)).toBe('rsa-oaep-sha1+aes-256-kwp');
    const key = await gate.unwrap(request(one));
    expect(key).toMatchObject({ sensitive: true, extractable: false, usage: ['sign'] });
    expect(await gate.mac('event-1', MESSAGE)).toEqual(await issuer.mac('event-1', MESSAGE));
    await expect(gate.require({ 'event-1': 'event' })).resolves.toBeUndefined();
    const target = { transportKey: await gate.publicKey('transport'), mechanisms: [SHA1] };
    await expect(gate.wrap('event-1', [target])).rejects.toThrow(code('ERR_HSM_KEY_UNEXTRACTABLE'));
  });

  test('two keys for one gate look nothing alike', async () => {
    const [a, b] = [await wrapped(), await wrapped()];
    expect(equal(a.wrappedKek, b.wrappedKek)).toBe(false);
    expect(equal(a.wrappedKey, b.wrappedKey)).toBe(false);
  });

  test('a label that is there', async () => {
    await expect(gate.unwrap(request(await wrapped()))).rejects.toThrow(code('ERR_HSM_KEY_EXISTS'));
  });

  test('another key than it names leaves nothing', async () => {
    const other = { ...request(await wrapped(), 'event-2'), keyId: new Uint8Array(16) };
    await expect(gate.unwrap(other)).rejects.toThrow(code('ERR_HSM_KEY_CHECK'));
    expect((await gate.keys()).map(({ label }) => label)).toEqual(['event-1', 'transport']);
  });

  test.each(['wrappedKek', 'wrappedKey'] as const)('%s changed on the way', async (part) => {
    const one = await wrapped();
    const octets = one[part].slice();
    octets[3]! ^= 1;
    const changed = request({ ...one, [part]: octets }, 'event-2');
    await expect(gate.unwrap(changed)).rejects.toThrow(code('ERR_HSM_UNWRAP'));
    expect((await gate.keys()).map(({ label }) => label)).toEqual(['event-1', 'transport']);
  });

  test('a mechanism that the module has not', async () => {
    const one = { ...(await wrapped()), mechanism: mechanismByName('rsa-oaep-sha512')! };
    const refused = gate.unwrap(request(one, 'event-2'));
    await expect(refused).rejects.toThrow(code('ERR_HSM_MECHANISM'));
  });

  test('with nothing in common nothing leaves', async () => {
    const none = wrapped([mechanismByName('rsa-oaep-sha512+aes-256-kwp')!]);
    await expect(none).rejects.toThrow(code('ERR_HSM_MECHANISM'));
  });

  test('an institution key, which is longer than OAEP takes', async () => {
    await issuer.generate('institution', 'institution', { transportable: true });
    const spki = await issuer.publicKey('institution');
    const transportKey = await gate.publicKey('transport');
    const targets = [{ transportKey, mechanisms: capabilities.unwraps }];
    const [one] = await issuer.wrap('institution', targets, soPin);
    const keys = { kind: 'institution', keyId: institutionKeyId(spki) } as const;
    await gate.unwrap({ ...keys, transport: 'transport', label: 'institution', wrapped: one! });
    expect(await gate.publicKey('institution')).toEqual(spki);
    expect(await gate.sign('institution', MESSAGE)).toEqual(
      await issuer.sign('institution', MESSAGE),
    );
    await expect(gate.require({ institution: 'institution' })).resolves.toBeUndefined();
  });

  test.each(['rsa-oaep-sha1+aes-256-kwp', 'rsa-oaep-sha1+aes-256-kw', 'rsa-oaep-sha1'])(
    '%s: another implementation opens what SoftHSM wrapped, and the other way round',
    async (name) => {
      const other = new FakeKeyStore();
      await other.generate('transport', 'transport');
      const mechanisms = [mechanismByName(name)!];
      const there = { transportKey: await other.publicKey('transport'), mechanisms };
      const [out] = await issuer.wrap('event-1', [there], soPin);
      await other.unwrap(request(out!));
      expect(await idOf(other, 'event-1')).toEqual(new Uint8Array(keyId));

      await other.generate('event-other', 'event', { transportable: true });
      const back = { transportKey: await gate.publicKey('transport'), mechanisms };
      const [home] = await other.wrap('event-other', [back]);
      const id = await idOf(other, 'event-other');
      await gate.unwrap({ ...request(home!, 'event-other'), keyId: id });
      expect(toHex(await idOf(gate, 'event-other'))).toBe(toHex(id));
      await gate.destroy('event-other');
    },
  );
});

describe('KeyStore.destroy', () => {
  test('the key is gone and nothing computes with it any more', async () => {
    await gate.destroy('event-1');
    await expect(gate.mac('event-1', MESSAGE)).rejects.toThrow(code('ERR_HSM_KEY_MISSING'));
    expect((await gate.keys()).some(({ label }) => label === 'event-1')).toBe(false);
  });

  test('a pair goes whole', async () => {
    await gate.destroy('transport');
    await gate.generate('transport', 'transport');
    expect((await gate.status()).problems).toEqual([]);
  });

  test('a key that is not there', async () => {
    await expect(gate.destroy('event-9')).rejects.toThrow(code('ERR_HSM_KEY_MISSING'));
  });
});
