import { verify } from 'node:crypto';
import { createInterface } from 'node:readline';
import { readHsmConfig } from '@pinless-gate/hsm/config';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { MovableKind } from '@pinless-gate/hsm/key-store';
import { toHex } from '@pinless-gate/protocol/bytes';
import { institutionKeyId } from '@pinless-gate/protocol/key-envelope';
import {
  decodeSeatRecord,
  encodeSeatRecord,
  openRecord,
  sealRecord,
} from '@pinless-gate/protocol/record';

// `subject.js ISSUER.TOML GATE.TOML SO-PIN-FILE`: a program that moves two keys from an issuer's token to a gate's and uses
// them as a tap does. After each step it says which, with its own pid and those of its modules, and waits for a line.

const [issuerToml, gateToml, soPinFile] = process.argv.slice(2);
const goAhead = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const issuer = await openKeyStore(await readHsmConfig(issuerToml!));
const gate = await openKeyStore(await readHsmConfig(gateToml!));
const EVENT_ID = new Uint8Array(16).fill(7);

async function done(step: string): Promise<void> {
  const modules = [issuer.pid, gate.pid];
  process.stdout.write(`${JSON.stringify({ step, pid: process.pid, modules })}\n`);
  await goAhead.next();
}

async function move(kind: MovableKind, keyId: Uint8Array): Promise<void> {
  const transportKey = await gate.publicKey('transport');
  const [wrapped] = await issuer.wrap(kind, [{ transportKey, mechanisms }], soPinFile);
  await gate.unwrap({
    transport: 'transport',
    kind,
    label: kind,
    keyId,
    eventId: EVENT_ID,
    wrapped: wrapped!,
  });
}

await gate.generate('transport', 'transport');
const { unwraps: mechanisms } = await gate.capabilities();
await move('event', await new Converter(issuer, 'event').eventKeyId(EVENT_ID));
await done('event key moved');
await move('institution', institutionKeyId(await issuer.publicKey('institution')));
await done('institution key moved');

// What a tap has of the keys: a signature over the card's challenge, a conversion, and a record that opens with it.
const challenge = new Uint8Array(16).fill(9);
const signature = await gate.sign('institution', challenge);
const spki = Buffer.from(await gate.publicKey('institution'));
const key = { key: spki, format: 'der', type: 'spki' } as const;
if (!verify('sha256', challenge, key, signature)) throw new Error('not the institution key');
const [issuerName, serial] = [Uint8Array.of(0x30, 0), Uint8Array.of(7, 5, 0xd9, 0x90)];
const listed = await new Converter(issuer, 'event').convert(issuerName, serial);
const record = encodeSeatRecord({
  tickets: [
    {
      ticketNo: 'T-1',
      seat: { gate: 'A', block: '112', row: '7', number: '15' },
      category: 'adult',
      admission: { from: 0, until: 4_000_000_000 },
      entries: 1,
      reentry: false,
      flags: [],
      place: 1,
    },
  ],
  party: { id: new Uint8Array(8), size: 1 },
  language: 'ja',
  evidenceId: 'E-1',
});
const context = { eventId: EVENT_ID, conversionValue: listed.conversionValue };
const sealed = sealRecord(listed.sealKey, new Uint8Array(12), record, context);
const tapped = await new Converter(gate, 'event').convert(issuerName, serial);
if (toHex(tapped.conversionValue) !== toHex(listed.conversionValue))
  throw new Error('not the event key');
decodeSeatRecord(openRecord(tapped.sealKey, sealed, context));
await done('tapped');
await issuer.close();
await gate.close();
