import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { type Command, EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { filesOf } from '../jlis/institution.ts';
import { CERTIFICATE_HOLD, Jlis } from '../jlis/jlis.ts';
import { signerKey } from '../jlis/link.ts';
import { SignatureCa } from '../jlis/signature-ca.ts';

/** `sandbox jlis new DIR` */
export const jlisNew: Command = async (argv, io) => {
  const { positionals } = parseArgs({ args: [...argv], options: {}, allowPositionals: true });
  const [directory] = positionals;
  if (directory === undefined || positionals.length > 1) throw new UsageError('one DIR is wanted');
  const { files } = await Jlis.create(directory);
  await SignatureCa.open(files);
  await signerKey(files);
  io.out(resolve(directory));
  return EXIT_OK;
};

/** `sandbox jlis cvc --jlis DIR --request FILE | --public-key institution.pem --out DIR` */
export const jlisCvc: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      jlis: { type: 'string' },
      'public-key': { type: 'string' },
      request: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const { jlis: directory, 'public-key': publicKey, request, out } = values;
  if (!directory || !out || (publicKey === undefined) === (request === undefined)) {
    throw new UsageError('--jlis, --out, and --request or --public-key are wanted');
  }
  const jlis = await Jlis.open(directory);
  const files =
    request === undefined
      ? filesOf(await jlis.certifyTerminal(await readFile(publicKey!, 'utf8')))
      : await certified(jlis, new Uint8Array(await readFile(request)), io);
  await mkdir(out, { recursive: true });
  for (const [name, content] of files) {
    const path = join(out, name);
    await writeFileDurably(path, content);
    io.out(path);
  }
  return EXIT_OK;
};

async function certified(jlis: Jlis, request: Uint8Array, io: Io) {
  const { code, certificates } = await jlis.certifyRequest(request);
  io.err(`institution ${code}`);
  return filesOf(certificates);
}

/** `sandbox jlis revoke --jlis DIR --serial HEX [--hold | --release] | --signature-serial HEX | --institution CODE` */
export const jlisRevoke: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      jlis: { type: 'string' },
      serial: { type: 'string' },
      hold: { type: 'boolean', default: false },
      release: { type: 'boolean', default: false },
      'signature-serial': { type: 'string' },
      institution: { type: 'string' },
    },
  });
  const { jlis: directory, serial, hold, release, institution } = values;
  const { 'signature-serial': signature } = values;
  const named = [serial, signature, institution].filter((each) => each !== undefined);
  if (!directory || named.length !== 1) {
    throw new UsageError('--jlis, and --serial, --signature-serial or --institution are wanted');
  }
  if (hold && release) throw new UsageError('give either --hold or --release');
  const jlis = await Jlis.open(directory);
  if (institution !== undefined) {
    await jlis.revokeInstitution(institution);
    io.out(institution);
    return EXIT_OK;
  }
  if (signature !== undefined) {
    await (await SignatureCa.open(jlis.files)).revoke(signature);
    io.out(join(jlis.files.directory, 'signature-crl.der'));
    return EXIT_OK;
  }
  if (release) await jlis.release(serial!);
  else await jlis.revoke(serial!, hold ? CERTIFICATE_HOLD : undefined);
  io.out(join(jlis.files.directory, 'crl.der'));
  return EXIT_OK;
};

/** `sandbox jlis crl --jlis DIR` */
export const jlisCrl: Command = async (argv, io) => {
  const { values } = parseArgs({ args: [...argv], options: { jlis: { type: 'string' } } });
  if (!values.jlis) throw new UsageError('--jlis is wanted');
  const jlis = await Jlis.open(values.jlis);
  await jlis.writeCrl();
  await (await SignatureCa.open(jlis.files)).writeCrl();
  io.out(join(jlis.files.directory, 'crl.der'));
  io.out(join(jlis.files.directory, 'signature-crl.der'));
  return EXIT_OK;
};
