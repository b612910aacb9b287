import { parseArgs } from 'node:util';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { publicKeyPem } from '../public-key.ts';
import { COMMON_OPTIONS, withKeyStore } from './options.ts';

/** `hsm public-key LABEL`: PEM on standard output or in a file. */
export async function publicKeyCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { ...COMMON_OPTIONS, out: { type: 'string' } },
    allowPositionals: true,
  });
  const [label, more] = positionals;
  if (label === undefined || more !== undefined) throw new UsageError('one key label is needed');
  const spki = await withKeyStore(values.config, (store) => store.publicKey(label));
  const pem = publicKeyPem(spki);
  if (values.out !== undefined) await writeFileDurably(values.out, pem);
  if (values.json) io.out(JSON.stringify({ label, publicKeyPem: pem, out: values.out }));
  else if (values.out === undefined) io.out(pem.trimEnd());
  return EXIT_OK;
}
