import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyDirectory } from '@pinless-gate/hsm/ceremony/key-directory';
import { type Dispatch, sendKey } from '@pinless-gate/hsm/ceremony/send-key';
import { type Taker, takeKey } from '@pinless-gate/hsm/ceremony/take-key';
import { EventKeys } from '@pinless-gate/hsm/event-keys';
import { eventKeyLabel } from '@pinless-gate/hsm/key-store';
import { toHex } from '@pinless-gate/protocol/bytes';
import type { GateKey } from '@pinless-gate/protocol/gate-key';
import { TRANSPORT_MECHANISMS } from '@pinless-gate/protocol/transport-mechanism';
import { onTestFinished } from 'vitest';
import { FakeKeyStore } from '../../../fakes/key-store.ts';

export const EVENT_ID = new Uint8Array(16).fill(0xe1);
export const GATE_ID = new Uint8Array(16).fill(0x6a);
export const NOW = 1_796_000_000;
export const HOUR = 3600;

/** The issuer's keys: one publisher, and as many generations of the event's key as are asked for. */
export async function makeIssuer(): Promise<FakeKeyStore> {
  const issuer = new FakeKeyStore();
  await issuer.generate('publisher', 'publisher');
  for (const generation of [1, 2]) {
    await issuer.generate(labelOf(generation), 'event', { transportable: true });
  }
  await issuer.generate('institution', 'institution', { transportable: true });
  return issuer;
}

let gateKeys: Promise<FakeKeyStore> | undefined;

/** Gates of this kind share their keys: only what each takes is its own. */
export async function makeGate(): Promise<FakeKeyStore> {
  gateKeys ??= makeOtherGate();
  return (await gateKeys).clone();
}

export async function makeOtherGate(): Promise<FakeKeyStore> {
  const gate = new FakeKeyStore();
  await gate.generate('transport', 'transport');
  await gate.generate('device', 'device');
  return gate;
}

export const labelOf = (generation: number) => eventKeyLabel(toHex(EVENT_ID), generation);

export function temporaryKeys(): KeyDirectory {
  const directory = mkdtempSync(join(tmpdir(), 'keys-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return new KeyDirectory(join(directory, 'keys'));
}

export async function gateKeyOf(gate: FakeKeyStore): Promise<GateKey> {
  return {
    gateId: GATE_ID,
    transportKey: await gate.publicKey('transport'),
    deviceKey: await gate.publicKey('device'),
    mechanisms: TRANSPORT_MECHANISMS,
  };
}

export interface Sent extends Partial<Dispatch> {
  readonly to?: Partial<GateKey>;
}

/** An envelope for the gate, from an hour ago until in an hour unless said otherwise. */
export async function sent(
  issuer: FakeKeyStore,
  gate: FakeKeyStore,
  { to, ...change }: Sent = {},
): Promise<Uint8Array> {
  const { kind = 'event', generation = 1 } = change;
  const label = kind === 'event' ? labelOf(generation) : 'institution';
  const dispatch: Dispatch = {
    kind,
    ...(kind === 'event' && { eventId: EVENT_ID }),
    label,
    from: label,
    generation,
    validFrom: NOW - HOUR,
    validUntil: NOW + HOUR,
    issuedAt: NOW - HOUR,
    publisher: 'publisher',
    soPinFile: 'so-pin',
    ...change,
  };
  const [one] = await sendKey(issuer, dispatch, [{ ...(await gateKeyOf(gate)), ...to }]);
  return one!.bytes;
}

export async function takerOf(issuer: FakeKeyStore, change: Partial<Taker> = {}): Promise<Taker> {
  return {
    kind: 'event',
    gateId: GATE_ID,
    eventId: EVENT_ID,
    publishers: [await issuer.publicKey('publisher')],
    transport: 'transport',
    now: NOW,
    ...change,
  };
}

/** A gate that took these generations, each with its window. */
export async function gateWith(
  issuer: FakeKeyStore,
  ...generations: readonly Sent[]
): Promise<{ gate: FakeKeyStore; directory: KeyDirectory }> {
  const gate = await makeGate();
  const directory = temporaryKeys();
  for (const one of generations) {
    const taker = await takerOf(issuer, { now: one.validFrom ?? NOW });
    await takeKey(gate, directory, await sent(issuer, gate, one), taker);
  }
  return { gate, directory };
}

export async function openKeys(
  issuer: FakeKeyStore,
  { gate, directory }: { gate: FakeKeyStore; directory: KeyDirectory },
  now = NOW,
): Promise<EventKeys> {
  const publishers = async () => [await issuer.publicKey('publisher')];
  const own = { eventId: EVENT_ID, gateId: GATE_ID, label: labelOf(1) };
  return EventKeys.open({ store: gate, directory, publishers, ...own }, now);
}
