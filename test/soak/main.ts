import { parseArgs } from 'node:util';
import { readHsmConfig } from '@pinless-gate/hsm/config';
import { soak } from './hsm.ts';

// `npm run soak -- --config hsm.toml [--macs 100000] [--signatures 2000]`: calls one module so often and looks whether
// anything of its process grows. Exit code 1 where something does.
const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    macs: { type: 'string', default: '100000' },
    signatures: { type: 'string', default: '2000' },
  },
});
if (values.config === undefined) throw new Error('--config FILE with [hsm] is needed');
const calls = { macs: Number(values.macs), signatures: Number(values.signatures) };
const { before, after, grown } = await soak(await readHsmConfig(values.config), calls);
console.log(JSON.stringify({ ...calls, before, after, grown }));
process.exitCode = grown.length === 0 ? 0 : 1;
