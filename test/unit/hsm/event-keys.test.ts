import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordDestruction } from '@pinless-gate/hsm/ceremony/destroy-event-keys';
import type { KeyDirectory } from '@pinless-gate/hsm/ceremony/key-directory';
import { takeKey } from '@pinless-gate/hsm/ceremony/take-key';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { toHex } from '@pinless-gate/protocol/bytes';
import { beforeAll, describe, expect, test } from 'vitest';
import type { FakeKeyStore } from '../../fakes/key-store.ts';
import {
  EVENT_ID,
  GATE_ID,
  gateWith,
  HOUR,
  labelOf,
  makeGate,
  makeIssuer,
  NOW,
  openKeys,
  sent,
  takerOf,
  temporaryKeys,
} from './ceremony/transport-stage.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let issuer: FakeKeyStore;
/** Key ids of the two generations, as manifests name them. */
let first: Uint8Array;
let second: Uint8Array;

beforeAll(async () => {
  issuer = await makeIssuer();
  [first, second] = [await idOf(issuer, 1), await idOf(issuer, 2)];
});

const idOf = (store: FakeKeyStore, generation: number) =>
  new Converter(store, labelOf(generation)).eventKeyId(EVENT_ID);
const fileOf = ({ path }: KeyDirectory, generation = 1) =>
  join(path, `${labelOf(generation)}.envelope`);

describe('EventKeys', () => {
  test('uses the key that the list names, and no other', async () => {
    const at = await gateWith(issuer, {}, { generation: 2 });
    const keys = await openKeys(issuer, at);
    expect(keys.forList(first, NOW).label).toBe(labelOf(1));
    expect(keys.forList(second, NOW).label).toBe(labelOf(2));
    expect(() => keys.forList(new Uint8Array(16), NOW)).toThrow(code('ERR_EVENT_KEY'));
  });

  // The window of the first ends as that of the second is half an hour old.
  const from = NOW - HOUR / 2;
  test.each([
    ['before the second begins', from - 1, ['first']],
    ['the second begins', from, ['first', 'second']],
    ['the last second of both', NOW + HOUR - 1, ['first', 'second']],
    ['the first has ended', NOW + HOUR, ['second']],
    ['both have ended', NOW + 2 * HOUR, []],
  ])('rotation: %s', async (_, now, usable) => {
    const rotated = { generation: 2, validFrom: from, validUntil: NOW + 2 * HOUR };
    const keys = await openKeys(issuer, await gateWith(issuer, {}, rotated));
    const ids = { first, second };
    const hex = usable.map((name) => toHex(ids[name as keyof typeof ids]));
    expect(keys.usable(now).map(toHex)).toEqual(hex);
    for (const [name, id] of Object.entries(ids)) {
      expect(keys.obstacle(id, now)?.code).toEqual(
        usable.includes(name) ? undefined : expect.stringMatching(/^ERR_ENVELOPE_/),
      );
    }
  });

  test.each([
    [NOW + HOUR, 'ERR_ENVELOPE_EXPIRED'],
    [NOW - HOUR - 1, 'ERR_ENVELOPE_NOT_YET'],
  ])('a gate that starts at %i: %s', async (now, expected) => {
    const at = await gateWith(issuer, {});
    await expect(openKeys(issuer, at, now)).rejects.toThrow(code(expected));
  });

  test('a key that was made here has no window', async () => {
    const gate = await makeGate();
    await gate.generate(labelOf(1), 'event');
    const keys = await openKeys(issuer, { gate, directory: temporaryKeys() });
    expect(keys.newest.window).toBeUndefined();
    expect(keys.obstacle(await idOf(gate, 1), NOW + 1000 * HOUR)).toBeUndefined();
  });

  test('a key that can leave', async () => {
    const gate = await makeGate();
    await gate.generate(labelOf(1), 'event', { transportable: true });
    const opened = openKeys(issuer, { gate, directory: temporaryKeys() });
    await expect(opened).rejects.toThrow(code('ERR_HSM_KEY_EXTRACTABLE'));
  });

  test('a key whose envelope was taken away', async () => {
    const at = await gateWith(issuer, {});
    rmSync(fileOf(at.directory));
    await expect(openKeys(issuer, at)).rejects.toThrow(code('ERR_EVENT_KEY_ENVELOPE'));
  });

  test('an envelope with a longer window, signed by nobody the gate knows', async () => {
    const at = await gateWith(issuer, {});
    const forger = await makeIssuer();
    const keyId = { validUntil: NOW + 1000 * HOUR };
    writeFileSync(fileOf(at.directory), await sent(forger, at.gate, keyId));
    await expect(openKeys(issuer, at)).rejects.toThrow(code('ERR_ENVELOPE_SIGNATURE'));
  });

  test('the envelope of another key', async () => {
    const at = await gateWith(issuer, {});
    const envelope = await sent(issuer, at.gate, { from: labelOf(2) });
    writeFileSync(fileOf(at.directory), envelope);
    await expect(openKeys(issuer, at)).rejects.toThrow(code('ERR_HSM_KEY_CHECK'));
  });

  test('the envelope of another gate', async () => {
    const at = await gateWith(issuer, {});
    const to = { gateId: new Uint8Array(16) };
    writeFileSync(fileOf(at.directory), await sent(issuer, at.gate, { to }));
    await expect(openKeys(issuer, at)).rejects.toThrow(code('ERR_ENVELOPE_GATE'));
  });

  test('a file that is no envelope', async () => {
    const at = await gateWith(issuer, {});
    writeFileSync(fileOf(at.directory), readFileSync(fileOf(at.directory)).subarray(1));
    await expect(openKeys(issuer, at)).rejects.toThrow(code('ERR_CBOR'));
  });

  test('no key', async () => {
    const at = { gate: await makeGate(), directory: temporaryKeys() };
    await expect(openKeys(issuer, at)).rejects.toThrow(code('ERR_HSM_KEY_MISSING'));
  });

  test('after the event: the key was destroyed, in words', async () => {
    const at = await gateWith(issuer, {});
    await at.gate.destroy(labelOf(1));
    const keys = [{ label: labelOf(1), keyId: first }];
    const facts = { gateId: GATE_ID, eventId: EVENT_ID, keys, destroyedAt: NOW };
    const record = await recordDestruction(at.gate, 'device', facts);
    await at.directory.keepDestruction(EVENT_ID, record);
    await expect(openKeys(issuer, at)).rejects.toMatchObject({
      code: 'ERR_EVENT_KEY_DESTROYED',
      message: expect.stringContaining(new Date(1000 * NOW).toISOString()),
    });
  });
});

describe('EventKeys.refresh', () => {
  test('a generation that comes while the gate runs', async () => {
    const at = await gateWith(issuer, {});
    const keys = await openKeys(issuer, at);
    const bytes = await sent(issuer, at.gate, { generation: 2 });
    await takeKey(at.gate, at.directory, bytes, await takerOf(issuer));
    expect(keys.usable(NOW)).toHaveLength(1);
    await keys.refresh();
    expect(keys.usable(NOW).map(toHex)).toEqual([toHex(first), toHex(second)]);
  });

  test('an envelope that is there before its key is looked for again', async () => {
    const at = await gateWith(issuer, {});
    const keys = await openKeys(issuer, at);
    const bytes = await sent(issuer, at.gate, { generation: 2 });
    await at.directory.keepEnvelope(labelOf(2), bytes);
    await keys.refresh();
    expect(keys.usable(NOW)).toHaveLength(1);
    await takeKey(at.gate, at.directory, bytes, await takerOf(issuer));
    await keys.refresh();
    expect(keys.usable(NOW)).toHaveLength(2);
  });

  test('costs no HMAC where nothing came', async () => {
    const at = await gateWith(issuer, {});
    const keys = await openKeys(issuer, at);
    const before = at.gate.calls.mac;
    await keys.refresh();
    expect(at.gate.calls.mac).toBe(before);
  });
});
