import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { derOf } from '@pinless-gate/protocol/pem';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { surfaceCa } from '@pinless-gate/runtime/surface-ca';
import { readCardFile } from '../card/card-file.ts';
import { JlisFiles } from '../jlis/state.ts';
import { linkCardFile, linkedHolder } from '../link.ts';

/** `sandbox card link card.json --jlis DIR --out holder.json` */
export const cardLink: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      jlis: { type: 'string' },
      out: { type: 'string' },
      pin: { type: 'string' },
      reference: { type: 'string' },
      modulus: { type: 'boolean', default: false },
    },
  });
  const { jlis: directory, out, pin, reference } = values;
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) throw new UsageError('one card file is wanted');
  if (!directory || !out) throw new UsageError('--jlis and --out are wanted');
  const files = new JlisFiles(resolve(directory));
  const link = await linkCardFile(await readCardFile(path), {
    anchors: trustAnchors([derOf(await files.octets('ca.pem'), 'CERTIFICATE')]),
    ca: surfaceCa(await files.octets('surface-ca.json'), 'surface-ca.json'),
    at: Date.now(),
    ...(pin !== undefined && { pin }),
    ...(reference !== undefined && { reference }),
  });
  await writeFileDurably(
    out,
    `${JSON.stringify(linkedHolder(link, values.modulus), null, 2)}\n`,
    0o600,
  );
  io.out(resolve(out));
  return EXIT_OK;
};
