import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { toHex } from '@pinless-gate/protocol/bytes';
import { decodeEnvelope, type EnvelopeKind } from '@pinless-gate/protocol/key-envelope';
import { keyHash } from '@pinless-gate/protocol/signed';
import { mechanismName } from '@pinless-gate/protocol/transport-mechanism';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { readCeremonyConfig } from '../ceremony/config.ts';
import { withApproval } from '../ceremony/dual-control.ts';
import { readDocument } from '../ceremony/key-directory.ts';
import { type TakenKey, takeKey } from '../ceremony/take-key.ts';
import { readGateFile, requireGateId } from './gate-file.ts';
import { COMMON_OPTIONS, withKeyStore } from './options.ts';

/** `hsm event-key unwrap`, `hsm institution unwrap`: out of their envelopes into this gate's module. */
export function takeKeyCommand(kind: EnvelopeKind) {
  return async (argv: readonly string[], io: Io): Promise<number> => {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...COMMON_OPTIONS,
        gate: { type: 'string' },
        event: { type: 'string' },
        'issuer-key': { type: 'string', multiple: true },
      },
    });
    if (positionals.length === 0) throw new UsageError('one ENVELOPE at least is needed');
    const file = await readGateFile(values);
    const gateId = requireGateId(file);
    if (file.publishers.length === 0) {
      throw new UsageError(
        '--issuer-key FILE is needed',
        'or gate.toml with [whitelist] publishers',
      );
    }
    const envelopes = await inOrder(positionals);
    const taker = {
      kind,
      gateId,
      eventId: file.eventId,
      publishers: file.publishers,
      transport: file.labels.transport,
      now: Math.floor(Date.now() / 1000),
    };
    const ceremony = await readCeremonyConfig(values.config!);
    await withKeyStore(values.config, async (store) => {
      for (const bytes of envelopes) {
        const take = () => takeKey(store, file.directory, bytes, taker);
        // The issuer's two operators approved what is in it; a gate of its own ceremony may want two more.
        const taken =
          ceremony.kind === 'directory'
            ? await withApproval(ceremony, requestOf(kind, bytes), take)
            : await take();
        report(taken, values.json, io);
      }
    });
    return EXIT_OK;
  };
}

function requestOf(kind: EnvelopeKind, bytes: Uint8Array) {
  const { envelope } = decodeEnvelope(bytes);
  return {
    action: kind === 'event' ? 'event-key-unwrap' : 'institution-unwrap',
    details: {
      key: envelope.label,
      'key id': toHex(envelope.keyId),
      envelope: `sha-256 ${toHex(keyHash(bytes))}`,
    },
  } as const;
}

/** Older generations first: a newer one shuts the door behind it. */
async function inOrder(paths: readonly string[]): Promise<Uint8Array[]> {
  const read: { bytes: Uint8Array; generation: number }[] = [];
  for (const path of paths) {
    const { envelope } = await readDocument(path, decodeEnvelope);
    read.push({ bytes: await readFile(path), generation: envelope.generation });
  }
  return read.sort((a, b) => a.generation - b.generation).map(({ bytes }) => bytes);
}

function report({ envelope, key }: TakenKey, json: boolean, io: Io): void {
  const { label, generation, validFrom, validUntil, mechanism, keyId } = envelope;
  const one = {
    label,
    keyId: toHex(keyId),
    generation,
    validFrom: new Date(1000 * validFrom).toISOString(),
    validUntil: new Date(1000 * validUntil).toISOString(),
    mechanism: mechanismName(mechanism),
    sensitive: key.sensitive,
    extractable: key.extractable,
  };
  if (json) io.out(JSON.stringify(one));
  else io.out(`key "${label}" taken, not extractable, valid until ${one.validUntil}`);
}
