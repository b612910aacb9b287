import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import {
  decodeDestruction,
  type ReceivedDestruction,
} from '@pinless-gate/protocol/key-destruction';
import { readConfig, resolveFrom } from '@pinless-gate/runtime/config';
import { EXIT_OK, EXIT_REFUSED, type Io, UsageError } from '@pinless-gate/runtime/program';
import { z } from 'zod';
import {
  type ExpectedGate,
  type GateAnswer,
  reportDestruction,
} from '../ceremony/destruction-report.ts';
import { readDocument } from '../ceremony/key-directory.ts';
import { readPublicKeyFile } from './gate-file.ts';
import { parseEventId, parseId } from './options.ts';

/** The gates as issuer-console.toml lists them; its other tables are not asked. */
const schema = z.looseObject({
  gates: z
    .array(z.looseObject({ id: z.string(), name: z.string(), device_key: z.string() }))
    .min(1),
});

/** `hsm event-key report`: which gates have shown that they destroyed the event's keys. Exit code 1 where one has not. */
export async function reportDestructionCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      event: { type: 'string' },
      gates: { type: 'string' },
      records: { type: 'string' },
      'key-id': { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
  });
  const { gates: gatesFile, records: directory } = values;
  const eventId = fromHex(parseEventId(values.event));
  if (!gatesFile || !directory) throw new UsageError('--gates FILE and --records DIR are needed');
  const keyIds = values['key-id'].map((id) => fromHex(parseId(id, '--key-id', 'a key id')));
  const { records, unreadable } = await readRecords(directory);
  const report = reportDestruction(eventId, await readGates(gatesFile), records, keyIds);
  if (values.json) io.out(JSON.stringify(report));
  else for (const answer of report.gates) io.out(lineOf(answer));
  for (const why of unreadable) io.err(`hsm event-key report: ${why}`);
  if (!report.complete) {
    io.err('hsm event-key report: not every gate has answered [ERR_DESTRUCTION_INCOMPLETE]');
  }
  return report.complete ? EXIT_OK : EXIT_REFUSED;
}

function lineOf({ outcome, name, gate, destroyedAt, why }: GateAnswer): string {
  const at = destroyedAt === undefined ? '' : `  ${new Date(1000 * destroyedAt).toISOString()}`;
  return `${outcome.padEnd(12)}  ${gate}  ${name}${at}${why === undefined ? '' : `: ${why}`}`;
}

async function readGates(path: string): Promise<ExpectedGate[]> {
  const { gates } = await readConfig(path, schema);
  return Promise.all(
    gates.map(async ({ id, name, device_key }) => ({
      id: fromHex(parseId(id, path, 'a gate id')),
      name,
      deviceKey: await readPublicKeyFile(resolveFrom(path, device_key)),
    })),
  );
}

/** A record that cannot be read is told and counts for nothing. */
async function readRecords(directory: string) {
  const records: ReceivedDestruction[] = [];
  const unreadable: string[] = [];
  for (const name of (await readdir(directory)).filter((one) => !one.startsWith('.')).sort()) {
    try {
      records.push(await readDocument(join(directory, name), decodeDestruction));
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      unreadable.push(`${error.message} [${error.code}]`);
    }
  }
  return { records, unreadable };
}
