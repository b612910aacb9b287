import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { type Command, EXIT_OK } from '@pinless-gate/runtime/program';
import { readLatestManifest } from '../bundle/directory.ts';
import { serveBundle } from '../serve.ts';
import { required, wholeNumber } from './options.ts';

/** `whitelist serve`: until SIGINT or SIGTERM. */
export const serveCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      dir: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
    },
  });
  const directory = required(values.dir, '--dir');
  const port = wholeNumber(required(values.port, '--port'), '--port', 0, 65_535);
  await readLatestManifest(directory); // a directory without a bundle is a mistake to tell at once
  const serving = await serveBundle(directory, values.host, port);
  io.out(serving.url);
  if (!io.signal.aborted) await once(io.signal, 'abort');
  await serving.close();
  return EXIT_OK;
};
