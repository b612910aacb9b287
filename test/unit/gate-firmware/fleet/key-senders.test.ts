import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GateConfig } from '@pinless-gate/gate-firmware/config';
import { deliveryParts } from '@pinless-gate/gate-firmware/fleet/key-delivery';
import { openEventKeys } from '@pinless-gate/gate-firmware/keys';
import { KeyDirectory } from '@pinless-gate/hsm/ceremony/key-directory';
import { takeKey } from '@pinless-gate/hsm/ceremony/take-key';
import { sha256 } from '@pinless-gate/protocol/bundle';
import {
  encodePublisherSet,
  encodeSignedPublisherSet,
  publishersName,
} from '@pinless-gate/protocol/publishers';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import {
  EVENT_ID,
  GATE_ID,
  labelOf,
  makeGate,
  makeIssuer,
  NOW,
  type Sent,
  sent,
  takerOf,
  temporaryKeys,
} from '../../hsm/ceremony/transport-stage.ts';
import { temporary } from '../fixture.ts';

// The configuration names `publisher`; a set that follows it by threshold names `publisher-2` instead.

const code = (expected: string) => expect.objectContaining({ code: expected });
let issuer: FakeKeyStore;
let gate: FakeKeyStore;
let config: GateConfig;

/** Number of the publishers that the journal noted. */
let taken: number;
const journal = { publishersFloor: () => taken };

beforeEach(async () => {
  taken = 0;
  [issuer, gate] = await Promise.all([makeIssuer(), makeGate()]);
  for (const label of ['publisher-2', 'publisher-3']) await issuer.generate(label, 'publisher');
  const directory = join(temporary(), 'lists');
  mkdirSync(directory);
  const publishers = { keys: [await issuer.publicKey('publisher')], threshold: 1 };
  config = {
    gateId: GATE_ID,
    eventId: EVENT_ID,
    labels: { event: labelOf(1), device: 'device', transport: 'transport' },
    keyDirectory: temporaryKeys().path,
    console: { url: new URL('https://console.test/') },
    whitelist: { directory, publishers },
  } as unknown as GateConfig;
});

/** Publishers 1, in the gate's directory of lists, as it is after the gate took the set. */
async function rotate(directory = config.whitelist.directory): Promise<void> {
  const keys = [await issuer.publicKey('publisher-2')];
  const facts = { eventId: EVENT_ID, number: 1, issuedAt: 1, publishers: { keys, threshold: 1 } };
  const set = encodePublisherSet(facts);
  const signed = ['publisher', 'publisher-2'].map(async (label) => ({
    keyId: sha256(await issuer.publicKey(label)),
    signature: await issuer.sign(label, set),
  }));
  const file = encodeSignedPublisherSet({ set, signatures: await Promise.all(signed) });
  writeFileSync(join(directory, publishersName(1)), file);
}

/** From now on the gate gets its lists from a directory, which is empty. */
function serve(): string {
  const directory = join(temporary(), 'served');
  mkdirSync(directory);
  config = { ...config, whitelist: { ...config.whitelist, source: { directory } } };
  return directory;
}

/** As the gate takes what the console holds for it. */
async function take(sender: string, change: Sent, publishers?: readonly Uint8Array[]) {
  const parts = deliveryParts(config, gate, journal, false);
  const taker = await takerOf(issuer, { publishers: publishers ?? (await parts.publishers()) });
  const bytes = await sent(issuer, gate, { ...change, publisher: sender });
  return takeKey(gate, new KeyDirectory(config.keyDirectory), bytes, taker);
}

describe('who sends this gate keys', () => {
  test('the publishers in force, whichever of them; not who was rotated away', async () => {
    await expect(take('publisher-2', {})).rejects.toThrow(code('ERR_ENVELOPE_SIGNATURE'));
    await take('publisher', {});
    await rotate();
    const next = { generation: 2 };
    await expect(take('publisher', next)).rejects.toThrow(code('ERR_ENVELOPE_SIGNATURE'));
    await take('publisher-2', next);
    const keys = await openEventKeys(gate, config, NOW);
    expect(keys.newest.label).toBe(labelOf(2));
  });

  test('a key that came before its sender went stays', async () => {
    await take('publisher', {});
    await rotate();
    const keys = await openEventKeys(gate, config, NOW);
    expect(keys.newest.label).toBe(labelOf(1));
  });

  test('a gate that runs takes the key that the new set sent', async () => {
    await take('publisher', {});
    const keys = await openEventKeys(gate, config, NOW);
    await rotate();
    await take('publisher-2', { generation: 2 });
    await keys.refresh();
    expect(keys.usable(NOW)).toHaveLength(2);
  });

  test('an envelope of nobody that ever was a publisher does not hold', async () => {
    await take('publisher-3', {}, [await issuer.publicKey('publisher-3')]);
    await rotate();
    const opened = openEventKeys(gate, config, NOW);
    await expect(opened).rejects.toThrow(code('ERR_ENVELOPE_SIGNATURE'));
  });

  test('a set that the journal noted is deleted: nobody is believed until it is there again', async () => {
    await rotate();
    taken = 1;
    await take('publisher-2', {});
    rmSync(join(config.whitelist.directory, publishersName(1)));
    const lost = code('ERR_LIST_PUBLISHERS');
    await expect(take('publisher', { generation: 2 })).rejects.toThrow(lost);
    await expect(openEventKeys(gate, config, NOW, journal)).rejects.toThrow(lost);
    // The next look at the source heals it, without a list.
    const served = serve();
    await rotate(served);
    const keys = await openEventKeys(gate, config, NOW, journal);
    expect(keys.newest.label).toBe(labelOf(1));
    expect(readdirSync(config.whitelist.directory)).toEqual([publishersName(1)]);
    await expect(take('publisher', { generation: 2 })).rejects.toThrow(
      code('ERR_ENVELOPE_SIGNATURE'),
    );
  });

  test('a gate that is new after a change takes the sets from the source', async () => {
    const served = serve();
    await rotate(served);
    await expect(take('publisher', {})).rejects.toThrow(code('ERR_ENVELOPE_SIGNATURE'));
    await take('publisher-2', {});
    const keys = await openEventKeys(gate, config, NOW, journal);
    expect(keys.newest.label).toBe(labelOf(1));
  });

  test('a set on the disk that does not follow: nobody is believed', async () => {
    await take('publisher', {});
    writeFileSync(join(config.whitelist.directory, publishersName(1)), 'x');
    await expect(take('publisher', { generation: 2 })).rejects.toThrow(code('ERR_LIST_PUBLISHERS'));
    await expect(openEventKeys(gate, config, NOW)).rejects.toThrow(code('ERR_LIST_PUBLISHERS'));
  });
});
