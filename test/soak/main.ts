import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readHsmConfig } from '@pinless-gate/hsm/config';
import { makeVenue } from '../kill/venue.ts';
import { soak } from './hsm.ts';
import { soakTaps } from './taps.ts';

// `npm run soak -- --config hsm.toml [--macs 100000] [--signatures 2000]`: calls one module so often and looks whether
// anything of its process grows. `npm run soak -- --taps 10000`: a gate and the browser that shows it. With `--json` one
// object on standard output. Exit code 1 where something grows, or is lost.

/** KiB in all that are not told from noise, as for a module: a heap is collected when it likes. */
const SLACK = { gate: 48 * 1024, page: 1024 };
const SEED = 20_261_121;

const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    macs: { type: 'string', default: '100000' },
    signatures: { type: 'string', default: '2000' },
    taps: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

function tell(result: Readonly<Record<string, unknown>>): void {
  if (values.json) {
    console.log(JSON.stringify(result));
    return;
  }
  for (const [name, value] of Object.entries(result)) {
    console.log(`${name.padEnd(12)}${typeof value === 'object' ? JSON.stringify(value) : value}`);
  }
}

async function soakModule(config: string): Promise<boolean> {
  const calls = { macs: Number(values.macs), signatures: Number(values.signatures) };
  const { before, after, grown } = await soak(await readHsmConfig(config), calls);
  tell({ ...calls, before, after, grown });
  return grown.length === 0;
}

async function soakGate(taps: number): Promise<boolean> {
  const root = await mkdtemp(join(tmpdir(), 'soak-'));
  try {
    const progress = (line: string) => console.error(line);
    const soaked = await soakTaps(await makeVenue(root), { taps, seed: SEED, progress });
    tell({ ...soaked });
    const { lost, doubled, slopes } = soaked;
    const flat = (what: 'gate' | 'page') => slopes[what] * (taps / 1000) <= SLACK[what];
    return lost + doubled === 0 && flat('gate') && flat('page');
  } finally {
    await rm(root, { recursive: true });
  }
}

const { config, taps } = values;
if (config === undefined && taps === undefined) {
  throw new Error('--config FILE with [hsm], or --taps N, is needed');
}
const flat = taps === undefined ? await soakModule(config!) : await soakGate(Number(taps));
process.exitCode = flat ? 0 : 1;
