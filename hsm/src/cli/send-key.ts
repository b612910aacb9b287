import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { decodeGateKey, type GateKey } from '@pinless-gate/protocol/gate-key';
import type { EnvelopeKind } from '@pinless-gate/protocol/key-envelope';
import { keyHash } from '@pinless-gate/protocol/signed';
import { mechanismName } from '@pinless-gate/protocol/transport-mechanism';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { readCeremonyConfig } from '../ceremony/config.ts';
import { withApproval } from '../ceremony/dual-control.ts';
import { readDocument } from '../ceremony/key-directory.ts';
import {
  checkDispatch,
  type Dispatch,
  type Dispatched,
  keyIdOf,
  sendKey,
} from '../ceremony/send-key.ts';
import type { StepDetails } from '../ceremony/step.ts';
import { DEFAULT_LABELS, eventKeyLabel } from '../key-store.ts';
import { readGateFile } from './gate-file.ts';
import {
  COMMON_OPTIONS,
  parseEventId,
  parseGeneration,
  parseInstant,
  withKeyStore,
} from './options.ts';

const DAY_S = 86_400;
const DEFAULT_DAYS = 30;

/** `hsm event-key wrap`, `hsm institution wrap`: one envelope for each gate. */
export function sendKeyCommand(kind: EnvelopeKind) {
  return async (argv: readonly string[], io: Io): Promise<number> => {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...COMMON_OPTIONS,
        event: { type: 'string' },
        label: { type: 'string' },
        generation: { type: 'string', default: '1' },
        'gate-key': { type: 'string', multiple: true, default: [] },
        out: { type: 'string' },
        from: { type: 'string' },
        until: { type: 'string' },
        'so-pin-file': { type: 'string' },
      },
    });
    const { config, out, json } = values;
    if (config === undefined) throw new UsageError('--config FILE is needed', 'hsm init makes one');
    if (out === undefined) throw new UsageError('--out DIR is needed');
    const files = [...values['gate-key'], ...positionals];
    if (files.length === 0) throw new UsageError('--gate-key FILE is needed, one for each gate');
    const gates: GateKey[] = [];
    for (const file of files) gates.push(await readDocument(file, decodeGateKey));
    const { labels } = await readGateFile({ config });
    const dispatch = dispatchOf(kind, { ...values, publisher: labels.publisher });
    const sent = await withKeyStore(config, async (store) => {
      await checkDispatch(store, dispatch);
      const keyId = toHex(await keyIdOf(store, dispatch));
      const action = kind === 'event' ? 'event-key-wrap' : 'institution-wrap';
      const details = detailsOf(dispatch, keyId, gates);
      return withApproval(await readCeremonyConfig(config), { action, details, facts }, () =>
        sendKey(store, dispatch, gates),
      );
    });
    await writeEnvelopes(out, sent);
    report(sent, out, json, io);
    return EXIT_OK;
  };
}

interface Wanted {
  readonly event?: string | undefined;
  readonly label?: string | undefined;
  readonly generation: string;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly 'so-pin-file'?: string | undefined;
  readonly publisher: string;
}

function dispatchOf(kind: EnvelopeKind, wanted: Wanted): Dispatch {
  const generation = parseGeneration(wanted.generation);
  const issuedAt = Math.floor(Date.now() / 1000);
  // From the beginning of the day: what is approved now must be the same request when it is carried out.
  const today = issuedAt - (issuedAt % DAY_S);
  const validFrom = wanted.from === undefined ? today : parseInstant(wanted.from, '--from');
  const validUntil =
    wanted.until === undefined
      ? validFrom + DEFAULT_DAYS * DAY_S
      : parseInstant(wanted.until, '--until');
  if (validUntil <= validFrom) throw new UsageError('--until must be after --from');
  const common = { kind, generation, validFrom, validUntil, issuedAt } as const;
  const { publisher, 'so-pin-file': soPinFile } = wanted;
  if (kind === 'institution') {
    const label = wanted.label ?? DEFAULT_LABELS.institution;
    return { ...common, label, from: label, publisher, soPinFile };
  }
  const event = parseEventId(wanted.event);
  const label = eventKeyLabel(event, generation);
  const from = wanted.label ?? label;
  return { ...common, eventId: fromHex(event), label, from, publisher, soPinFile };
}

/** Everything that decides what will leave: what two people approve. */
function detailsOf(
  { from, generation, eventId, validFrom, validUntil }: Dispatch,
  keyId: string,
  gates: readonly GateKey[],
): StepDetails {
  return {
    ...(eventId && { event: toHex(eventId) }),
    key: from,
    'key id': keyId,
    generation: `${generation}`,
    'valid from': iso(validFrom),
    'valid until': iso(validUntil),
    gates: gates.map(
      ({ gateId, transportKey }) =>
        `${toHex(gateId)} transport key ${toHex(keyHash(transportKey))}`,
    ),
  };
}

const facts = (sent: readonly Dispatched[]): StepDetails => ({
  envelopes: sent.map(
    ({ envelope, bytes }) =>
      `${toHex(envelope.gateId)} ${mechanismName(envelope.mechanism)} sha-256 ${toHex(keyHash(bytes))}`,
  ),
});

const iso = (unix: number) => new Date(1000 * unix).toISOString();

async function writeEnvelopes(directory: string, sent: readonly Dispatched[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const { envelope, bytes } of sent) {
    await writeFileDurably(join(directory, fileOf(envelope)), bytes);
  }
}

function fileOf({ gateId, label }: Dispatched['envelope']): string {
  return `${toHex(gateId)}.${label}.envelope`;
}

function report(sent: readonly Dispatched[], directory: string, json: boolean, io: Io): void {
  for (const { envelope } of sent) {
    const { gateId, keyId, label, generation, validFrom, validUntil, mechanism } = envelope;
    const one = {
      gate: toHex(gateId),
      label,
      keyId: toHex(keyId),
      generation,
      validFrom: iso(validFrom),
      validUntil: iso(validUntil),
      mechanism: mechanismName(mechanism),
      file: join(directory, fileOf(envelope)),
    };
    if (json) io.out(JSON.stringify(one));
    else io.out(`${one.file}  ${one.mechanism}  until ${one.validUntil}`);
  }
}
