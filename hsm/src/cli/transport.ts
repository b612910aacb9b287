import { parseArgs } from 'node:util';
import { toHex } from '@pinless-gate/protocol/bytes';
import {
  encodeGateKey,
  encodeGateKeyBody,
  GATE_KEY_FORMAT,
  type GateKey,
} from '@pinless-gate/protocol/gate-key';
import { keyHash } from '@pinless-gate/protocol/signed';
import { mechanismName } from '@pinless-gate/protocol/transport-mechanism';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { signDocument } from '../ceremony/documents.ts';
import { HsmError, type KeyStore } from '../key-store.ts';
import { type GateFile, readGateFile, requireGateId } from './gate-file.ts';
import { COMMON_OPTIONS, withKeyStore } from './options.ts';

/** `hsm transport export`: what an issuer needs to send this gate its keys. */
export async function transportExportCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { ...COMMON_OPTIONS, gate: { type: 'string' }, out: { type: 'string' } },
  });
  const { out } = values;
  if (out === undefined) throw new UsageError('--out FILE is needed');
  const file = await readGateFile(values);
  const gateId = requireGateId(file);
  const { key, bytes } = await withKeyStore(values.config, (store) =>
    exportGateKey(store, gateId, file.labels),
  );
  await writeFileDurably(out, bytes);
  const names = key.mechanisms.map(mechanismName);
  const fingerprint = toHex(keyHash(key.transportKey));
  if (values.json) {
    io.out(JSON.stringify({ gate: toHex(gateId), fingerprint, mechanisms: names, out }));
    return EXIT_OK;
  }
  io.out(`gate ${toHex(gateId)}`);
  io.out(`transport key ${fingerprint}`);
  io.out(`takes keys by ${names[0]}${names.length > 1 ? `, and ${names.length - 1} others` : ''}`);
  io.err(`${out} goes to the issuer; have the fingerprint compared by another way`);
  return EXIT_OK;
}

/** Signed by the device key. The module is tried first: what it cannot take nobody is told to send. */
export async function exportGateKey(
  store: KeyStore,
  gateId: Uint8Array,
  labels: Pick<GateFile['labels'], 'device' | 'transport'>,
): Promise<{ readonly key: GateKey; readonly bytes: Uint8Array }> {
  const { device, transport } = labels;
  await store.require({ [device]: 'device', [transport]: 'transport' });
  const { unwraps: mechanisms } = await store.capabilities();
  if (mechanisms.length === 0) {
    throw new HsmError('ERR_HSM_MECHANISM', 'this module unwraps no key of another module', {
      hint: 'see "A module that takes no wrapped keys" in docs/hsm.md',
    });
  }
  const transportKey = await store.publicKey(transport);
  const key = { gateId, transportKey, deviceKey: await store.publicKey(device), mechanisms };
  const signed = await signDocument(store, device, GATE_KEY_FORMAT, encodeGateKeyBody(key));
  return { key, bytes: encodeGateKey(signed) };
}
