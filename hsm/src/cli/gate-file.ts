import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fromBase64, fromHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { readConfig, resolveFrom } from '@pinless-gate/runtime/config';
import { UsageError } from '@pinless-gate/runtime/program';
import { z } from 'zod';
import { KeyDirectory } from '../ceremony/key-directory.ts';
import { DEFAULT_LABELS } from '../key-store.ts';
import { parseId } from './options.ts';

/** What gate.toml says of the gate's identity and keys; every table may be absent, as in a bare hsm.toml. */
const schema = z.looseObject({
  gate: z.looseObject({ id: z.string().optional(), enrolment: z.string().optional() }).optional(),
  event: z.looseObject({ id: z.string() }).optional(),
  whitelist: z.looseObject({ publishers: z.array(z.string()).optional() }).optional(),
  keys: z
    .looseObject({
      device: z.string().default(DEFAULT_LABELS.device),
      transport: z.string().default(DEFAULT_LABELS.transport),
      publisher: z.string().default(DEFAULT_LABELS.publisher),
      institution: z.string().default(DEFAULT_LABELS.institution),
      directory: z.string().default('keys'),
    })
    .prefault({}),
});

/** What `gate enrol` wrote, of which this much matters here. */
const enrolmentSchema = z.looseObject({ gate_id: z.string(), publishers: z.array(z.base64()) });

export interface GateFile {
  readonly gateId: Uint8Array | undefined;
  readonly eventId: Uint8Array | undefined;
  /** SubjectPublicKeyInfo of those whose lists and envelopes this gate takes. */
  readonly publishers: readonly Uint8Array[];
  readonly labels: Readonly<Record<'device' | 'transport' | 'publisher' | 'institution', string>>;
  readonly directory: KeyDirectory;
}

/** What the command line says goes before what the file says. */
export interface GateOptions {
  readonly config?: string | undefined;
  readonly gate?: string | undefined;
  readonly event?: string | undefined;
  readonly 'issuer-key'?: readonly string[] | undefined;
}

export async function readGateFile(options: GateOptions): Promise<GateFile> {
  const { config } = options;
  if (config === undefined) throw new UsageError('--config FILE is needed', 'hsm init makes one');
  const table = await readConfig(config, schema);
  const enrolled = await readEnrolled(config, table.gate?.enrolment);
  const gate = options.gate ?? table.gate?.id ?? enrolled?.gate_id;
  const event = options.event ?? table.event?.id;
  const publishers =
    options['issuer-key'] ??
    (table.whitelist?.publishers ?? []).map((path) => resolveFrom(config, path));
  return {
    gateId: gate === undefined ? undefined : fromHex(parseId(gate, '--gate', 'a gate id')),
    eventId: event === undefined ? undefined : fromHex(parseId(event, '--event', 'an event id')),
    publishers:
      publishers.length > 0
        ? await Promise.all(publishers.map(readPublicKeyFile))
        : (enrolled?.publishers ?? []).map(fromBase64),
    labels: table.keys,
    directory: new KeyDirectory(resolveFrom(config, table.keys.directory)),
  };
}

async function readEnrolled(config: string, path: string | undefined) {
  return path === undefined ? undefined : readConfig(resolveFrom(config, path), enrolmentSchema);
}

/** PEM or DER to SubjectPublicKeyInfo. */
export async function readPublicKeyFile(path: string): Promise<Uint8Array> {
  try {
    const key = createPublicKey(await readFile(path));
    return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
  } catch (cause) {
    throw new GateError('ERR_HSM_FILE', `${path}: not a public key`, { cause });
  }
}

export function requireGateId({ gateId }: GateFile): Uint8Array {
  if (gateId) return gateId;
  throw new UsageError('--gate ID is needed', 'or a configuration file with [gate] id');
}
