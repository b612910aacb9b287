import { parseArgs } from 'node:util';
import { equal, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import type { DestroyedKey } from '@pinless-gate/protocol/key-destruction';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { EXIT_OK, type Io } from '@pinless-gate/runtime/program';
import { readCeremonyConfig } from '../ceremony/config.ts';
import { destroyKeys, eventKeysHeld, recordDestruction } from '../ceremony/destroy-event-keys.ts';
import { withApproval } from '../ceremony/dual-control.ts';
import { HsmError, type KeyStore } from '../key-store.ts';
import { type GateFile, readGateFile } from './gate-file.ts';
import { COMMON_OPTIONS, parseEventId, withKeyStore } from './options.ts';

/** `hsm event-key destroy`: every generation of an event's key, and at a gate its signed word for it. */
export async function destroyEventKeyCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...COMMON_OPTIONS,
      event: { type: 'string' },
      label: { type: 'string', multiple: true },
      gate: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const event = parseEventId(values.event);
  const eventId = fromHex(event);
  const file = await readGateFile(values);
  const ceremony = await readCeremonyConfig(values.config!);
  const { keys, record } = await withKeyStore(values.config, async (store) => {
    const held = await eventKeysHeld(store, eventId, values.label);
    const keys = await withGone(held, eventId, file);
    const details = {
      event,
      keys: keys.map(({ label, keyId }) => `${label} key id ${toHex(keyId)}`),
    };
    return withApproval(ceremony, { action: 'event-key-destroy', details }, async () => {
      if (file.gateId) await store.require({ [file.labels.device]: 'device' });
      await destroyKeys(
        store,
        held.map(({ label }) => label),
      );
      return { keys, record: await recordOf(store, eventId, keys, file) };
    });
  });
  if (record) {
    await file.directory.keepDestruction(eventId, record);
    if (values.out !== undefined) await writeFileDurably(values.out, record);
  }
  const labels = keys.map(({ label }) => label);
  if (values.json) io.out(JSON.stringify({ event, destroyed: labels, record: values.out }));
  else
    for (const label of labels) io.out(`key "${label}" destroyed: gone, and an HMAC with it fails`);
  if (!record) io.err('no record: the configuration names no gate ([gate] id, or --gate ID)');
  return EXIT_OK;
}

/** A record that was lost can be made again: what came in an envelope and is gone was destroyed here. */
async function withGone(
  held: readonly DestroyedKey[],
  eventId: Uint8Array,
  { directory }: GateFile,
): Promise<DestroyedKey[]> {
  const gone = (await directory.envelopes())
    .map(({ envelope }) => envelope)
    .filter((envelope) => envelope.eventId && equal(envelope.eventId, eventId))
    .filter(({ label }) => !held.some((key) => key.label === label))
    .map(({ label, keyId }) => ({ label, keyId }));
  const keys = [...held, ...gone];
  if (keys.length > 0) return keys;
  throw new HsmError('ERR_HSM_KEY_MISSING', `no key of event ${toHex(eventId)} in the token`, {
    hint: 'hsm status shows the keys that are there',
  });
}

async function recordOf(
  store: KeyStore,
  eventId: Uint8Array,
  keys: readonly DestroyedKey[],
  { gateId, labels }: GateFile,
): Promise<Uint8Array | undefined> {
  if (!gateId) return undefined;
  const destroyedAt = Math.floor(Date.now() / 1000);
  return recordDestruction(store, labels.device, { gateId, eventId, keys, destroyedAt });
}
