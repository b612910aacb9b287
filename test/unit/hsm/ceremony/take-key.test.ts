import { recordDestruction } from '@pinless-gate/hsm/ceremony/destroy-event-keys';
import { sendKey } from '@pinless-gate/hsm/ceremony/send-key';
import { type Taker, takeKey } from '@pinless-gate/hsm/ceremony/take-key';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { toHex } from '@pinless-gate/protocol/bytes';
import { decodeEnvelope, institutionKeyId } from '@pinless-gate/protocol/key-envelope';
import { beforeAll, describe, expect, test } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import {
  EVENT_ID,
  GATE_ID,
  gateKeyOf,
  gateWith,
  HOUR,
  labelOf,
  makeGate,
  makeIssuer,
  makeOtherGate,
  NOW,
  type Sent,
  sent,
  takerOf,
  temporaryKeys,
} from './transport-stage.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const LABEL = labelOf(1);
const SERIAL = new Uint8Array(4).fill(9);
const NAME = new Uint8Array(20).fill(1);
let issuer: FakeKeyStore;
let gate: FakeKeyStore;

beforeAll(async () => {
  [issuer, gate] = [await makeIssuer(), await makeGate()];
});

describe('takeKey', () => {
  test('the same conversion value at the issuer and at the gate', async () => {
    const at = await gateWith(issuer, {});
    const [there, here] = [new Converter(issuer, LABEL), new Converter(at.gate, LABEL)];
    const [a, b] = [await there.convert(NAME, SERIAL), await here.convert(NAME, SERIAL)];
    expect(toHex(b.conversionValue)).toBe(toHex(a.conversionValue));
    expect(toHex(b.sealKey)).toBe(toHex(a.sealKey));
    const [envelope] = await at.directory.envelopes();
    expect(envelope!.envelope.label).toBe(LABEL);
  });

  test('an institution key', async () => {
    const fresh = await makeGate();
    const bytes = await sent(issuer, fresh, { kind: 'institution' });
    const taker = await takerOf(issuer, { kind: 'institution' });
    await takeKey(fresh, temporaryKeys(), bytes, taker);
    const spki = await issuer.publicKey('institution');
    expect(await fresh.publicKey('institution')).toEqual(spki);
    expect(decodeEnvelope(bytes).envelope.keyId).toEqual(institutionKeyId(spki));
  });

  const other = new Uint8Array(16).fill(0x77);
  test.each<[string, Sent, Partial<Taker>, string]>([
    ['for another gate', { to: { gateId: other } }, {}, 'ERR_ENVELOPE_GATE'],
    ['for another event', { eventId: other }, {}, 'ERR_ENVELOPE_EVENT'],
    ['of another kind', { kind: 'institution' }, {}, 'ERR_ENVELOPE_KIND'],
    ['too late', { validUntil: NOW }, {}, 'ERR_ENVELOPE_EXPIRED'],
    ['too early', { validFrom: NOW + 1 }, {}, 'ERR_ENVELOPE_NOT_YET'],
    ['signed by nobody the gate knows', {}, { publishers: [] }, 'ERR_ENVELOPE_SIGNATURE'],
  ])('%s: refused, and nothing is kept', async (_, how, taker, expected) => {
    const directory = temporaryKeys();
    const bytes = await sent(issuer, gate, how);
    const taken = takeKey(gate, directory, bytes, await takerOf(issuer, taker));
    await expect(taken).rejects.toThrow(code(expected));
    expect(await directory.envelopes()).toEqual([]);
    expect((await gate.keys()).map(({ label }) => label)).toEqual(['transport', 'device']);
  });

  test('for the transport key of another', async () => {
    const bytes = await sent(issuer, await makeOtherGate());
    const taken = takeKey(gate, temporaryKeys(), bytes, await takerOf(issuer));
    await expect(taken).rejects.toThrow(code('ERR_ENVELOPE_TRANSPORT_KEY'));
  });

  test('another key than the envelope names', async () => {
    const [one, two] = [await sent(issuer, gate), await sent(issuer, gate, { generation: 2 })];
    const changed = decodeEnvelope(one).envelope;
    const otherKey = decodeEnvelope(two).envelope;
    const directory = temporaryKeys();
    const { wrappedKek, wrappedKey } = otherKey;
    const unwrap = { ...changed, wrappedKek, wrappedKey };
    const request = { transport: 'transport', kind: 'event', label: LABEL } as const;
    const taken = gate.unwrap({ ...request, ...changed, wrapped: unwrap });
    await expect(taken).rejects.toThrow(code('ERR_HSM_KEY_CHECK'));
    expect(await directory.envelopes()).toEqual([]);
  });

  test('twice', async () => {
    const at = await gateWith(issuer, {});
    const again = takeKey(
      at.gate,
      at.directory,
      await sent(issuer, at.gate),
      await takerOf(issuer),
    );
    await expect(again).rejects.toThrow(code('ERR_ENVELOPE_TAKEN'));
    expect(await at.directory.envelopes()).toHaveLength(1);
  });

  test('an older generation after a newer one, even where its key is gone', async () => {
    const at = await gateWith(issuer, {}, { generation: 2 });
    await at.gate.destroy(LABEL);
    const older = takeKey(
      at.gate,
      at.directory,
      await sent(issuer, at.gate),
      await takerOf(issuer),
    );
    await expect(older).rejects.toThrow(code('ERR_ENVELOPE_REPLAY'));
  });

  test('who died after the envelope was kept takes it again', async () => {
    const at = await gateWith(issuer, {});
    await at.gate.destroy(LABEL);
    const bytes = await sent(issuer, at.gate);
    const { key } = await takeKey(at.gate, at.directory, bytes, await takerOf(issuer));
    expect(key.label).toBe(LABEL);
  });

  test('a key that was destroyed here does not come back', async () => {
    const at = await gateWith(issuer, {});
    const [held] = await at.directory.envelopes();
    await at.gate.destroy(LABEL);
    const facts = { gateId: GATE_ID, eventId: EVENT_ID, destroyedAt: NOW };
    const keys = [{ label: LABEL, keyId: held!.envelope.keyId }];
    const record = await recordDestruction(at.gate, 'device', { ...facts, keys });
    await at.directory.keepDestruction(EVENT_ID, record);
    const back = takeKey(at.gate, at.directory, await sent(issuer, at.gate), await takerOf(issuer));
    await expect(back).rejects.toThrow(code('ERR_ENVELOPE_DESTROYED'));
  });
});

describe('sendKey', () => {
  test('a gate that is named twice', async () => {
    const key = await gateKeyOf(gate);
    const { envelope } = decodeEnvelope(await sent(issuer, gate));
    const dispatch = { ...envelope, from: LABEL, publisher: 'publisher', soPinFile: 'so-pin' };
    await expect(sendKey(issuer, dispatch, [key, key])).rejects.toThrow(code('ERR_HSM_GATE_TWICE'));
  });

  test('a key that was made to stay', async () => {
    const stays = await makeIssuer();
    await stays.generate('event-stays', 'event');
    const refused = sent(stays, gate, { from: 'event-stays' });
    await expect(refused).rejects.toThrow(code('ERR_HSM_KEY_UNEXTRACTABLE'));
  });

  test('an hour is as long as it says', async () => {
    const { validFrom, validUntil } = decodeEnvelope(await sent(issuer, gate)).envelope;
    expect(validUntil - validFrom).toBe(2 * HOUR);
  });
});
