import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { Bench } from './bench.ts';
import { resultOf } from './result.ts';
import { alternate } from './rounds.ts';
import { openTapRig } from './tap-rig.ts';
import type { Token } from './token.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** RSA-2048 on a small USB HSM. */
const SIGNATURE_MS = 139;
const ROUNDS = 12;
const TAPS = 3;

/** How much longer a tap takes with a module that takes its time for a signature. */
export const hsmSlow: Bench = {
  target: {
    text: `${SIGNATURE_MS} ms over a tap without, and 5 ms more at most`,
    met: ({ ours, baseline }) => ours.p50 - baseline.p50 <= 5,
  },
  async measure(context) {
    const control = join(context.directory, 'control');
    const slow = (action: string) => writeFileSync(control, `C_Sign:rsa ${action}\n`);
    slow('none 0');
    const rig = await openTapRig(context, 'none', (token) => throughInterposer(token, control));
    const taps = async () => {
      const times: number[] = [];
      for (let i = 0; i < TAPS; i++) times.push(await rig.ours());
      return times;
    };
    context.log(`${ROUNDS} rounds of ${TAPS} taps each, with and without`);
    const { ours, baseline } = await alternate(
      ROUNDS,
      () => {
        slow(`slow:${SIGNATURE_MS} 1000000`);
        return taps();
      },
      async () => {
        slow('none 0');
        return (await taps()).map((ms) => ms + SIGNATURE_MS);
      },
    );
    return resultOf({
      bench: 'hsm-slow',
      unit: 'ms',
      better: 'lower',
      ours: ours.flat(),
      baselineName: `the same tap with a module that is not slow, and ${SIGNATURE_MS} ms`,
      baseline: baseline.flat(),
    });
  },
};

/** The same token behind the tests' interposed module, whose control file says what it does. */
async function throughInterposer({ config, store }: Token, control: string): Promise<Token> {
  await store.close();
  const module = `${control}.so`;
  const source = join(ROOT, 'test', 'e2e', 'hsm', 'fixtures', 'interposer.c');
  const includes = join(ROOT, 'node_modules', 'pkcs11js', 'includes');
  execFileSync('gcc', ['-shared', '-fPIC', `-I${includes}`, '-o', module, source, '-ldl']);
  const environment = {
    ...config.environment,
    PINLESS_P11_REAL: config.module,
    PINLESS_P11_CONTROL: control,
    PINLESS_P11_QUIET: '1',
  };
  const slow = { ...config, module, environment };
  return { config: slow, store: await openKeyStore(slow) };
}
