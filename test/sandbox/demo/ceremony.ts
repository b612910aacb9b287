import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GateError } from '@pinless-gate/protocol/errors';
import { filesOf } from '../jlis/institution.ts';
import type { Jlis } from '../jlis/jlis.ts';
import { run } from './program.ts';

const OPERATORS = { sato: 'key custodian', suzuki: 'security officer' } as const;
type Operator = keyof typeof OPERATORS;
const NAMES = Object.keys(OPERATORS) as Operator[];
const CONFIG = ['--config', 'token/hsm.toml'];
const DIRECTORY = ['--dir', 'ceremony'];

/** Each with a token of their own, whose PIN lies in a file here: nobody sits at the demo to type it. */
export async function makeOperators(kept: string): Promise<void> {
  await mkdir(join(kept, 'operators'), { recursive: true });
  await Promise.all(
    NAMES.map(async (name) => {
      await writeFile(join(kept, 'operators', `${name}.pin`), `pin-of-${name}\n`, { mode: 0o600 });
      const token = ['--softhsm', `operators/${name}`, ...pinOf(name)];
      await run('hsm', ['operator', 'new', name, ...token], kept);
    }),
  );
}

/** From the request of the institution key to certificates that two operators approved, in both layouts. */
export async function institutionCeremony(kept: string, jlis: Jlis): Promise<void> {
  const operators = NAMES.flatMap((name) => [
    ...['--operator', `${name}=operators/${name}/${name}.pem`],
    ...['--role', `${name}=${OPERATORS[name]}`],
  ]);
  await run('hsm', ['ceremony', 'init', ...DIRECTORY, ...operators], kept);
  await appendFile(join(kept, 'token', 'hsm.toml'), '\n[ceremony]\ndirectory = "../ceremony"\n');
  await mkdir(join(kept, 'from-jlis'));
  const layouts: readonly Layout[] = [
    { name: 'jpki', anchor: 'jlis/terminal-ca.json', wish: [] },
    {
      name: 'tr03110',
      anchor: 'jlis/iso-cvca.cvcert',
      wish: ['--holder-reference', 'JPGATE00001'],
    },
  ];
  const imports = [];
  for (const layout of layouts) imports.push(await certify(kept, jlis, layout));
  // Put down for approval first, then approved, then done.
  for (const argv of imports) await refused(argv, kept);
  await approveAll(kept);
  for (const argv of imports) await run('hsm', argv, kept);
}

/** A gate with a token of its own, in the directory of that name. */
export interface DemoGate {
  readonly id: string;
  readonly token: string;
}

/** The event's key out of the issuer's token into each gate's, as two operators approved. */
export async function eventKeyCeremony(
  kept: string,
  event: string,
  gates: readonly DemoGate[],
): Promise<void> {
  const issuer = ['--config', 'issuer/hsm.toml'];
  await appendFile(join(kept, 'issuer', 'hsm.toml'), '\n[ceremony]\ndirectory = "../ceremony"\n');
  const keys = [];
  for (const { id, token } of gates) {
    const config = ['--config', `${token}/hsm.toml`];
    await run('hsm', ['transport', 'new', ...config], kept);
    await run(
      'hsm',
      ['transport', 'export', '--gate', id, '--out', `${token}.key`, ...config],
      kept,
    );
    keys.push('--gate-key', `${token}.key`);
  }
  // What is kept from run to run is to open for as long as anybody runs it.
  const window = ['--from', '2026-01-01T00:00:00Z', '--until', '2099-12-31T00:00:00Z'];
  const to = [...keys, ...window, '--out', 'envelopes', '--so-pin-file', 'issuer/so-pin'];
  await approved(['event-key', 'wrap', '--event', event, ...to, ...issuer], kept);
  for (const { id, token } of gates) {
    const from = ['--gate', id, '--event', event, '--issuer-key', 'publisher.pem'];
    const envelope = `envelopes/${id}.event-${event}.envelope`;
    const take = ['event-key', 'unwrap', envelope, ...from, '--config', `${token}/hsm.toml`];
    await approved(take, kept);
  }
}

/** Put down for approval first where the token's file names a ceremony, then approved, then done. */
async function approved(argv: readonly string[], kept: string): Promise<void> {
  const config = await readFile(join(kept, argv.at(-1)!), 'utf8');
  if (config.includes('[ceremony]')) {
    await refused(argv, kept);
    await approveAll(kept);
  }
  await run('hsm', argv, kept);
}

interface Layout {
  readonly name: 'jpki' | 'tr03110';
  readonly anchor: string;
  readonly wish: readonly string[];
}

async function certify(kept: string, jlis: Jlis, { name, anchor, wish }: Layout) {
  const out = ['--layout', name, '--out', `${name}.request`];
  await run('hsm', ['institution', 'request', ...out, ...wish, ...CONFIG], kept);
  const { certificates } = await jlis.certifyRequest(
    new Uint8Array(await readFile(join(kept, `${name}.request`))),
  );
  const paths = [];
  for (const [file, content] of filesOf(certificates)) {
    paths.push(`from-jlis/${file}`);
    await writeFile(join(kept, 'from-jlis', file), content);
  }
  return [...['institution', 'import', '--layout', name, '--anchor', anchor], ...paths, ...CONFIG];
}

async function refused(argv: readonly string[], kept: string): Promise<void> {
  try {
    await run('hsm', argv, kept);
  } catch (error) {
    if (error instanceof GateError && error.message.includes('ERR_CEREMONY_APPROVAL')) return;
    throw error;
  }
  throw new GateError('ERR_DEMO_COMMAND', 'done without approval');
}

async function approveAll(kept: string): Promise<void> {
  const shown = await run('hsm', ['ceremony', 'show', '--json', ...DIRECTORY], kept);
  const { steps } = JSON.parse(shown) as { steps: { id: string }[] };
  for (const { id } of steps) {
    for (const name of NAMES) {
      const token = ['--operator', name, '--token', `operators/${name}/hsm.toml`];
      await run('hsm', ['ceremony', 'approve', id, ...token, ...DIRECTORY, ...pinOf(name)], kept);
    }
  }
}

const pinOf = (name: Operator) => ['--pin-file', `operators/${name}.pin`];
