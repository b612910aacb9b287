import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { fromBase64, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import type { Enrolled } from '@pinless-gate/protocol/enrolment';
import { GateError } from '@pinless-gate/protocol/errors';
import { readConfig } from '@pinless-gate/runtime/config';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { z } from 'zod';
import type { ConsoleAddress } from './fleet/console-client.ts';

/** The gate and its console do not know one another as the file says. */
export class EnrolmentError extends GateError {}

/** What a gate keeps of its enrolment. Nothing in it is secret. */
export interface Enrolment extends Enrolled {
  readonly console: ConsoleAddress;
  /** SHA-256 of the device key's SubjectPublicKeyInfo: the file is good with that key only. */
  readonly deviceKeyHash: Uint8Array;
}

const hex = (octets: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${2 * octets}}$`), `must be ${2 * octets} hex digits`);

const schema = z.strictObject({
  version: z.literal(1),
  gate_id: hex(16),
  gate_name: z.string().min(1),
  events: z.array(hex(16)),
  enrolled_at: z.iso.datetime(),
  device_key: hex(32),
  console: z.url({ protocol: /^https?$/ }),
  console_id: hex(16),
  console_ca: z.string().optional(),
  threshold: z.int().min(1),
  publishers: z.array(z.base64().min(1)).min(1),
});

export async function readEnrolment(path: string): Promise<Enrolment> {
  const table = await readConfig(path, schema);
  return {
    gateId: fromHex(table.gate_id),
    gateName: table.gate_name,
    eventIds: table.events.map(fromHex),
    enrolledAt: Date.parse(table.enrolled_at),
    deviceKeyHash: fromHex(table.device_key),
    console: { url: new URL(table.console), ca: table.console_ca },
    consoleId: fromHex(table.console_id),
    threshold: table.threshold,
    publishers: table.publishers.map(fromBase64),
  };
}

/** Whole and on the disk, or not there at all. */
export async function writeEnrolment(path: string, enrolment: Enrolment): Promise<void> {
  const { console, publishers, eventIds } = enrolment;
  const values: Record<string, unknown> = {
    version: 1,
    gate_id: toHex(enrolment.gateId),
    gate_name: enrolment.gateName,
    events: eventIds.map(toHex),
    enrolled_at: new Date(enrolment.enrolledAt).toISOString(),
    device_key: toHex(enrolment.deviceKeyHash),
    console: console.url.href,
    console_id: toHex(enrolment.consoleId),
    ...(console.ca !== undefined && { console_ca: console.ca }),
    threshold: enrolment.threshold,
    publishers: publishers.map((key) => Buffer.from(key).toString('base64')),
  };
  // JSON strings, numbers and arrays of strings are TOML.
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  await writeFileDurably(
    path,
    `# written by gate enrol; good with this gate's own HSM only\n${lines.join('\n')}\n`,
  );
}

/** Throws where the device key is another than the one that was enrolled: a disk in another box, or a replaced HSM. */
export async function requireOwnDeviceKey(
  store: Pick<KeyStore, 'publicKey'>,
  label: string,
  { deviceKeyHash }: Pick<Enrolment, 'deviceKeyHash'>,
): Promise<void> {
  const hash = createHash('sha256')
    .update(await store.publicKey(label))
    .digest();
  if (hash.equals(deviceKeyHash)) return;
  throw new EnrolmentError(
    'ERR_ENROLMENT_DEVICE_KEY',
    `the device key "${label}" of this HSM is not the one that was enrolled`,
    { hint: 'this configuration belongs to another box; have the gate revoked and enrol it anew' },
  );
}

/** Keys that an enrolment under way makes: what is there of them after an interruption is its own. */
export interface PendingKeys {
  readonly device: string;
  readonly transport: string;
}

const pendingSchema = z.strictObject({ device: z.string(), transport: z.string() });
const pendingPath = (path: string) => `${path}.pending`;

export async function writePending(path: string, { device, transport }: PendingKeys) {
  const lines = [`device = ${JSON.stringify(device)}`, `transport = ${JSON.stringify(transport)}`];
  await writeFileDurably(pendingPath(path), `# gate enrol was interrupted\n${lines.join('\n')}\n`);
}

export async function readPending(path: string): Promise<PendingKeys | undefined> {
  try {
    return await readConfig(pendingPath(path), pendingSchema);
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException };
    if (cause?.code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function removePending(path: string): Promise<void> {
  await rm(pendingPath(path), { force: true });
}
