import { once } from 'node:events';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT_OK, EXIT_REFUSED, type Io, main } from '@pinless-gate/runtime/program';
import { asExpected, Demo, type DemoResult } from './demo.ts';

const USAGE = `demo: a real entry on this machine, from the purchase to the receipt

  npm run demo                     tap every card, print the URLs, serve until Ctrl-C
  npm run demo -- --once           end after the taps: exit 0 only if all ended as they should
  npm run demo -- --once --json    one object on standard output
  npm run demo -- --rehearse       gate rehearse at both lanes instead, with virtual cards; reports in .run/demo/run`;

const DIRECTORY = '.run/demo';

async function demo(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      rehearse: { type: 'boolean', default: false },
    },
  });
  if (values.rehearse) return rehearsed(io);
  const running = await Demo.start({ directory: resolve(DIRECTORY), freePorts: values.once }, io);
  try {
    await running.tapAll();
    if (!values.once) {
      const { console, display } = running.urls;
      const { name, password } = running.signIn;
      io.err(`issuer console    ${console}`);
      io.err(`  sign in as      ${name}, password ${password} (to be changed)`);
      io.err(`attendee display  ${display}`);
      io.err(`gate figures      ${display}metrics`);
      io.err('Ctrl-C ends');
      if (!io.signal.aborted) await once(io.signal, 'abort');
    }
    const result = await running.finish();
    if (values.json) io.out(JSON.stringify(shown(result)));
    else io.out(text(result));
    return asExpected(result) ? EXIT_OK : EXIT_REFUSED;
  } finally {
    await running.close();
  }
}

async function rehearsed(io: Io): Promise<number> {
  const options = { directory: resolve(DIRECTORY), freePorts: true, rehearse: true };
  const running = await Demo.start(options, io);
  try {
    return (await running.rehearseAll()) ? EXIT_OK : EXIT_REFUSED;
  } finally {
    await running.close();
  }
}

const shown = ({ opened, printed, ...result }: DemoResult) => result;

function text({
  taps,
  admitted,
  unexpected,
  tapMs,
  receipts,
  journal,
  opened,
  printed,
}: DemoResult) {
  const journalText = journal.verified ? 'whole and signed' : 'BROKEN';
  return [
    `${taps} taps, ${admitted} admitted, ${unexpected} unexpected; p50 ${tapMs.p50} ms, p95 ${tapMs.p95} ms`,
    `journal: ${journal.entries} entries, ${journalText}`,
    `turnstile: ${opened ? 'opened once for each admission' : 'NOT as admitted'}`,
    `receipts: ${receipts.length}, ${printed ? 'each printed once' : 'NOT all printed once'}`,
    ...receipts.map((receipt) => `  ${receipt}`),
  ].join('\n');
}

await main({ name: 'demo', usage: USAGE, commands: demo });
