import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { HsmConfig } from '@pinless-gate/hsm/config';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { certificatePem } from '@pinless-gate/test/sandbox/jlis/certificate';
import { drawCosts } from './cost-chart.ts';
import { makeToken } from './token.ts';
import { CHANGED, makeIssuer, rowsOf } from './whitelist-feed.ts';

/** What one build took. */
export interface Cost {
  readonly entries: number;
  readonly coldS: number;
  /** One row in a hundred changed. */
  readonly againS: number;
  readonly memoryMiB: number;
  /** Bundle and cache, after both. */
  readonly diskMiB: number;
}

const WHITELIST = join(import.meta.dirname, '../../whitelist-builder/bin/whitelist.js');
const OUT = join(import.meta.dirname, '../../docs/whitelist-costs.svg');
const MIB = 1024 * 1024;
const EVENT_ID = '2be552203c4c0f4f0703b037dfbd00e5';
const SAMPLE_MS = 100;

async function main(sizes: readonly number[]): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'costs-'));
  try {
    await prepare(directory);
    const costs: Cost[] = [];
    for (const entries of sizes) {
      costs.push(await costOf(directory, entries));
      console.log(JSON.stringify(costs.at(-1)));
    }
    await writeFile(OUT, drawCosts(costs));
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function prepare(directory: string): Promise<void> {
  const { config, store } = await makeToken(join(directory, 'token'));
  await store.close();
  const keys = await openKeyStore(config);
  await keys.generate(`event-${EVENT_ID}`, 'event');
  await keys.generate('publisher', 'publisher');
  await keys.close();
  const issuer = await makeIssuer();
  const [ca] = issuer.generations;
  await writeFile(join(directory, 'ca.pem'), certificatePem(ca!.certificate.encoded));
  await writeFile(join(directory, 'event.toml'), eventToml(config));
}

function eventToml(config: HsmConfig): string {
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  const hsm = Object.entries({ ...config.environment }).map(
    ([k, v]) => `${k} = ${JSON.stringify(v)}`,
  );
  return `id = "${EVENT_ID}"
name = "costs"
place = "bench"
starts_at = ${day(30)}
[admission]
from = ${day(29.9)}
until = ${day(30.1)}
[policy]
gates = ["A", "B"]
tolerance_minutes = 10
stale_after_hours = 24
refuse_after_hours = 72
[[issuers]]
name = "jpki-auth"
certificate = "ca.pem"
[hsm]
module = "${config.module}"
token_label = "${config.tokenLabel}"
pin_file = "${config.pinFile}"
[hsm.environment]
${hsm.join('\n')}
`;
}

async function costOf(directory: string, entries: number): Promise<Cost> {
  const [feed, out] = [join(directory, 'feed.ndjson'), join(directory, `list-${entries}`)];
  const event = join(directory, 'event.toml');
  const build = async (version: number) => {
    await pipeline(rowsOf(entries, version), createWriteStream(feed));
    return run(['build', '--feed', feed, '--event', event, '--out', out, '--json']);
  };
  const cold = await build(0);
  const again = await build(1);
  if (again.cached !== entries - entries / CHANGED) throw new Error(`${again.cached} rows known`);
  const octets = [out, `${out}.cache`].flatMap((one) => {
    return readdirSync(one).map((name) => statSync(join(one, name)).size);
  });
  const cost = {
    entries,
    coldS: cold.seconds,
    againS: again.seconds,
    memoryMiB: Math.round(Math.max(cold.memory, again.memory) / MIB),
    diskMiB: Math.round(octets.reduce((sum, one) => sum + one, 0) / MIB),
  };
  await rm(out, { recursive: true });
  await rm(`${out}.cache`, { recursive: true });
  return cost;
}

/** The command as it is typed, with the most memory that it was seen to hold. */
async function run(argv: readonly string[]) {
  const child = spawn(process.execPath, [WHITELIST, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let memory = 0;
  const timer = setInterval(() => {
    const line = /^VmHWM:\s+(\d+) kB/m.exec(statusOf(child.pid!));
    if (line) memory = Math.max(memory, 1024 * Number(line[1]));
  }, SAMPLE_MS);
  const text: Buffer[] = [];
  child.stdout.on('data', (octets: Buffer) => text.push(octets));
  const [code] = await once(child, 'close');
  clearInterval(timer);
  if (code !== 0) throw new Error(`whitelist build ended with ${code}`);
  const { seconds, cached } = JSON.parse(Buffer.concat(text).toString());
  return { seconds, cached, memory } as { seconds: number; cached: number; memory: number };
}

/** Empty once the process has ended. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

const sizes = process.argv.slice(2).map(Number);
await main(sizes.length > 0 ? sizes : [10_000, 100_000, 1_000_000]);
