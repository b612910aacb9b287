import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { readCardFile } from '../card/card-file.ts';
import { Jlis } from '../jlis/jlis.ts';
import { newRsaKey } from '../jlis/keys.ts';
import { isOcspFault, OCSP_FAULTS } from '../jlis/ocsp.ts';
import { startJlisServer } from '../jlis/server.ts';
import { aborted, parsePort } from './options.ts';

const OCSP_PORT = '9300';

/** `sandbox jlis ocsp --jlis DIR [--port 9300] [--fault NAME]` */
export const jlisOcsp: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      jlis: { type: 'string' },
      port: { type: 'string', default: OCSP_PORT },
      fault: { type: 'string' },
    },
  });
  const { jlis, fault } = values;
  if (!jlis) throw new UsageError('--jlis is wanted');
  if (fault !== undefined && !isOcspFault(fault)) {
    throw new UsageError(`--fault is one of ${Object.keys(OCSP_FAULTS).join(', ')}`);
  }
  const server = await startJlisServer(jlis, { port: parsePort(values.port), fault });
  io.err(
    `OCSP: POST ${server.url}; serial numbers: POST ${server.url}link; GET crl.der, signature-crl.der, renewals.ndjson`,
  );
  await aborted(io);
  await server.close();
  return EXIT_OK;
};

/** `sandbox jlis renew CARD --jlis DIR --out FILE [--without-link]` */
export const jlisRenew: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      jlis: { type: 'string' },
      out: { type: 'string' },
      'without-link': { type: 'boolean', default: false },
    },
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1 || !values.jlis || !values.out) {
    throw new UsageError('one CARD, --jlis and --out are wanted');
  }
  const card = await readCardFile(path);
  if (card.certificatePem === undefined) throw new UsageError('this card has no certificate');
  const { serialNumber } = new X509Certificate(card.certificatePem);
  const jlis = await Jlis.open(values.jlis);
  const { privateKeyPem, publicKeyPem } = await newRsaKey();
  const issued = await jlis.renew(serialNumber, publicKeyPem, !values['without-link']);
  const renewed = { ...card, privateKeyPem, certificatePem: issued.pem };
  await writeFileDurably(values.out, `${JSON.stringify(renewed, null, 2)}\n`, 0o600);
  io.out(join(jlis.files.directory, 'renewals.ndjson'));
  return EXIT_OK;
};
