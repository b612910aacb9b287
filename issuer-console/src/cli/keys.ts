import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { EXIT_OK, EXIT_REFUSED, type Io, UsageError } from '@pinless-gate/runtime/program';
import { readConsoleConfig } from '../config.ts';
import { parseGateId } from '../domain/gate.ts';
import { KeyDeliveryError, type KeyRecord, keyState } from '../domain/keys.ts';
import { withOffice } from './office.ts';
import { DEFAULT_CONFIG } from './usage.ts';

const OPTIONS = {
  config: { type: 'string', default: DEFAULT_CONFIG },
  json: { type: 'boolean', default: false },
} as const;

/** `issuer-console keys recipients --out DIR`: a file for each gate, for `hsm event-key wrap`. */
export async function keyRecipientsCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { ...OPTIONS, out: { type: 'string' }, event: { type: 'string' } },
  });
  const { out, event } = values;
  if (out === undefined) throw new UsageError('--out DIR is needed');
  const eventId = event === undefined ? undefined : parseGateId(event);
  const config = await readConsoleConfig(values.config);
  const all = await withOffice(config, io, (office) => office.recipients());
  const meant = all.filter(
    ({ eventIds }) => eventId === undefined || eventIds.length === 0 || eventIds.includes(eventId),
  );
  await mkdir(out, { recursive: true });
  const written: string[] = [];
  for (const { gateId, gateKey } of meant) {
    if (gateKey === undefined) continue;
    await writeFileDurably(join(out, `${gateId}.gate-key`), Buffer.from(gateKey, 'base64'));
    written.push(gateId);
  }
  const without = meant.filter(({ gateKey }) => gateKey === undefined);
  if (values.json)
    io.out(JSON.stringify({ written, without: without.map(({ gateId }) => gateId) }));
  else io.out(`${written.length} gate keys written to ${out}`);
  for (const { name } of values.json ? [] : without) io.err(`no gate key of ${name}: enrol it`);
  return EXIT_OK;
}

/** `issuer-console keys put DIR|FILE…`: envelopes for gates to fetch, all of them or none. */
export async function keyPutCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    allowPositionals: true,
  });
  if (positionals.length === 0) throw new UsageError('which envelopes? name files or directories');
  const paths = (await Promise.all(positionals.map(envelopesAt))).flat();
  if (paths.length === 0) {
    throw new KeyDeliveryError('ERR_KEYS_NONE', 'no file there ends in .envelope');
  }
  const envelopes = await Promise.all(paths.map((path) => readFile(path, 'base64')));
  const config = await readConsoleConfig(values.config);
  const result = await withOffice(config, io, (office) => office.putKeys(envelopes));
  if (values.json) io.out(JSON.stringify(result));
  else io.out(`${result.put} keys put for gates to fetch, ${result.known} were there before`);
  return EXIT_OK;
}

async function envelopesAt(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = await readdir(path);
  return names
    .filter((name) => name.endsWith('.envelope') && !name.startsWith('.'))
    .sort()
    .map((name) => join(path, name));
}

/** `issuer-console keys report`: exit code 1 where a gate owes an answer. */
export async function keyReportCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { ...OPTIONS, event: { type: 'string' } },
  });
  const event = values.event === undefined ? undefined : parseGateId(values.event);
  const config = await readConsoleConfig(values.config);
  const all = await withOffice(config, io, (office) => office.keys());
  const now = Date.now();
  const keys = all
    .filter(({ eventId }) => event === undefined || eventId === event)
    .map((key) => ({ ...key, state: keyState(key, now) }));
  if (values.json) io.out(JSON.stringify(keys));
  else if (keys.length === 0) io.err('no keys were put for gates');
  for (const key of values.json ? [] : keys) io.out(reportLine(key));
  const owing = keys.filter(({ state, gateRevoked }) => state === 'no-answer' && !gateRevoked);
  if (owing.length > 0) io.err(`${owing.length} answers are missing`);
  return owing.length > 0 ? EXIT_REFUSED : EXIT_OK;
}

function reportLine({ gate, label, state, gateRevoked }: KeyRecord & { state: string }): string {
  return `${state.padEnd(9)}  ${label}  ${gate}${gateRevoked ? '  (revoked)' : ''}`;
}

/** `issuer-console keys destroy --event ID`: each gate destroys them when their window is over, and says so. */
export async function keyDestroyCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { ...OPTIONS, event: { type: 'string' } },
  });
  if (values.event === undefined) throw new UsageError('--event ID is needed');
  const event = parseGateId(values.event);
  const config = await readConsoleConfig(values.config);
  const ordered = await withOffice(config, io, (office) => office.orderDestruction(event));
  if (values.json) io.out(JSON.stringify({ event, ordered }));
  else io.out(`${ordered} keys of event ${event} are to be destroyed by their gates`);
  return EXIT_OK;
}
