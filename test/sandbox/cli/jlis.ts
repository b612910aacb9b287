import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { Jlis } from '../jlis/jlis.ts';

/** `sandbox jlis new DIR` */
export const jlisNew: Command = async (argv, io) => {
  const { positionals } = parseArgs({ args: [...argv], options: {}, allowPositionals: true });
  const [directory] = positionals;
  if (directory === undefined || positionals.length > 1) throw new UsageError('one DIR is wanted');
  await Jlis.create(directory);
  io.out(resolve(directory));
  return EXIT_OK;
};

/** `sandbox jlis cvc --jlis DIR --public-key institution.pem --out DIR` */
export const jlisCvc: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      jlis: { type: 'string' },
      'public-key': { type: 'string' },
      out: { type: 'string' },
    },
  });
  const { jlis: directory, 'public-key': publicKey, out } = values;
  if (!directory || !publicKey || !out) {
    throw new UsageError('--jlis, --public-key and --out are wanted');
  }
  const jlis = await Jlis.open(directory);
  const certificates = await jlis.certifyTerminal(await readFile(publicKey, 'utf8'));
  await mkdir(out, { recursive: true });
  const files: [string, Uint8Array | undefined][] = [
    ['intermediate.cvc', certificates.intermediate],
    ['institution.cvc', certificates.institution],
    ['dv.cvcert', certificates.dv],
    ['terminal.cvcert', certificates.terminal],
  ];
  for (const [name, content] of files) {
    if (!content) continue;
    const path = join(out, name);
    await writeFileDurably(path, content);
    io.out(path);
  }
  return EXIT_OK;
};

/** RFC 5280 5.3.1. */
const CERTIFICATE_HOLD = 6;

/** `sandbox jlis revoke --jlis DIR --serial HEX [--hold]` */
export const jlisRevoke: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      jlis: { type: 'string' },
      serial: { type: 'string' },
      hold: { type: 'boolean', default: false },
    },
  });
  if (!values.jlis || !values.serial) throw new UsageError('--jlis and --serial are wanted');
  const jlis = await Jlis.open(values.jlis);
  await jlis.revoke(values.serial, values.hold ? CERTIFICATE_HOLD : undefined);
  io.out(join(jlis.files.directory, 'crl.der'));
  return EXIT_OK;
};

/** `sandbox jlis crl --jlis DIR` */
export const jlisCrl: Command = async (argv, io) => {
  const { values } = parseArgs({ args: [...argv], options: { jlis: { type: 'string' } } });
  if (!values.jlis) throw new UsageError('--jlis is wanted');
  const jlis = await Jlis.open(values.jlis);
  await jlis.writeCrl();
  io.out(join(jlis.files.directory, 'crl.der'));
  return EXIT_OK;
};
