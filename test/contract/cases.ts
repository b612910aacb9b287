import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import type { KeyStore } from '@pinless-gate/hsm/key-store';

// What any KeyStore must do, whatever module is behind it. No test library: it also runs where none is.

/** What a module may lack. A case that needs it is then run to see that it is refused, not left out. */
export type Need = 'make-event-key' | 'make-ec-key' | 'send-event-key' | 'take-event-key';

export interface ContractCase {
  readonly name: string;
  readonly needs: readonly Need[];
  readonly run: (store: KeyStore) => Promise<void>;
}

export type Outcome = 'passed' | 'not offered';

const MESSAGE = new Uint8Array(100).fill(7);

const code = (expected: string) => (error: unknown) =>
  (error as { code?: string }).code === expected;

async function verifies(
  store: KeyStore,
  label: string,
  message: Uint8Array,
  signature: Uint8Array,
) {
  const spki = Buffer.from(await store.publicKey(label));
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

async function signs(store: KeyStore, label: string, length: number): Promise<void> {
  const signature = await store.sign(label, MESSAGE);
  assert.equal(signature.length, length);
  assert.ok(await verifies(store, label, MESSAGE, signature));
  assert.ok(!(await verifies(store, label, MESSAGE.subarray(1), signature)));
}

async function isGuarded(store: KeyStore, label: string, bits: number): Promise<void> {
  const key = (await store.keys()).find((info) => info.label === label);
  assert.ok(key, `${label} is not among the keys`);
  const { sensitive, extractable, neverExtractable, local } = key;
  assert.deepEqual(
    { bits: key.bits, sensitive, extractable, neverExtractable, local },
    { bits, sensitive: true, extractable: false, neverExtractable: true, local: true },
  );
}

/** In order: the first ones make the keys that the others use. `event` is there before, where the module makes none. */
export const CONTRACT: readonly ContractCase[] = [
  one('makes an institution key', [], async (store) => {
    await store.generate('institution', 'institution');
    await isGuarded(store, 'institution', 2048);
  }),
  one('makes an event key', ['make-event-key'], async (store) => {
    await store.generate('event', 'event');
  }),
  one('makes a device key', ['make-ec-key'], async (store) => {
    await store.generate('device', 'device');
    await isGuarded(store, 'device', 256);
  }),
  one('an existing label is refused', [], async (store) => {
    const again = store.generate('institution', 'institution');
    await assert.rejects(again, code('ERR_HSM_KEY_EXISTS'));
  }),
  one('signs as RSA-2048', [], (store) => signs(store, 'institution', 256)),
  one('signs as P-256', ['make-ec-key'], (store) => signs(store, 'device', 64)),
  one('signs an empty and a long message', [], async (store) => {
    for (const length of [0, 65_536]) {
      const message = new Uint8Array(length).fill(3);
      const signature = await store.sign('institution', message);
      assert.ok(await verifies(store, 'institution', message, signature));
    }
  }),
  one('signs more at once than there are sessions', [], async (store) => {
    const messages = Array.from({ length: 12 }, (_, i) => Uint8Array.of(i));
    const signed = await Promise.all(messages.map((message) => store.sign('institution', message)));
    for (const [i, signature] of signed.entries()) {
      assert.ok(await verifies(store, 'institution', messages[i]!, signature));
    }
  }),
  one('HMAC: 64 octets, repeatable, of the message', [], async (store) => {
    await isGuarded(store, 'event', 512);
    const mac = await store.mac('event', MESSAGE);
    assert.equal(mac.length, 64);
    assert.deepEqual(await store.mac('event', MESSAGE), mac);
    assert.notDeepEqual(await store.mac('event', MESSAGE.subarray(1)), mac);
  }),
  one('HMACs in bulk are those one by one', [], async (store) => {
    const inputs = [1, 64, 127, 128, 129, 1000].map((length) =>
      new Uint8Array(length).fill(length),
    );
    const macs = await store.macAll('event', inputs);
    for (const [i, input] of inputs.entries()) {
      assert.equal(Buffer.compare(macs[i]!, await store.mac('event', input)), 0);
    }
  }),
  one('a key that is not there, and one of another kind', [], async (store) => {
    await assert.rejects(store.sign('nobody', MESSAGE), code('ERR_HSM_KEY_MISSING'));
    await assert.rejects(store.mac('nobody', MESSAGE), code('ERR_HSM_KEY_MISSING'));
    await assert.rejects(store.sign('event', MESSAGE), code('ERR_HSM_KEY_TYPE'));
    await assert.rejects(store.mac('institution', MESSAGE), code('ERR_HSM_KEY_TYPE'));
  }),
  one('the keys are what a gate requires', ['make-ec-key'], (store) =>
    store.require({ institution: 'institution', event: 'event', device: 'device' }),
  ),
  one('can send an event key', ['send-event-key'], async (store) => {
    assert.ok((await store.capabilities()).wraps.length > 0, 'no transport mechanism works');
  }),
  one('can take an event key', ['take-event-key'], async (store) => {
    assert.ok((await store.capabilities()).unwraps.length > 0, 'no transport mechanism works');
  }),
  one('status finds nothing wrong', [], async (store) => {
    assert.deepEqual((await store.status()).problems, []);
  }),
  one('self-test passes', [], async (store) => {
    const { passed, checks } = await store.selftest();
    assert.ok(passed, JSON.stringify(checks.filter(({ outcome }) => outcome === 'failed')));
  }),
];

function one(name: string, needs: readonly Need[], run: ContractCase['run']): ContractCase {
  return { name, needs, run };
}

/** Runs one case; with something lacking, that it is refused with a code of ours is what passes. */
export async function runCase(
  { needs, run }: ContractCase,
  store: KeyStore,
  lacks: ReadonlySet<Need>,
): Promise<Outcome> {
  if (!needs.some((need) => lacks.has(need))) {
    await run(store);
    return 'passed';
  }
  await assert.rejects(run(store), 'said to be lacking, and it works');
  return 'not offered';
}
