import { parseArgs } from 'node:util';
import { readCeremonyConfig } from '@pinless-gate/hsm/ceremony/config';
import { GateError } from '@pinless-gate/protocol/errors';
import { createLog } from '@pinless-gate/runtime/log';
import { type Command, EXIT_OK } from '@pinless-gate/runtime/program';
import { readGateConfig } from '../config.ts';
import { kioskCommand } from '../display/kiosk.ts';
import { Gate } from '../gate.ts';
import { configFile } from './options.ts';

/** `gate run`: serves cards until SIGINT or SIGTERM. */
export const runCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      json: { type: 'boolean' },
      transcript: { type: 'string' },
    },
  });
  const file = configFile(values.config);
  const config = await readGateConfig(file);
  // Two people who must approve are not here while a gate runs.
  const destroyOrdered = (await readCeremonyConfig(file)).kind !== 'directory';
  const log = createLog('gate', config.logLevel);
  const gate = await Gate.open(config, log, { transcript: values.transcript, destroyOrdered });
  const kiosk = kioskCommand(gate.url, '"$HOME/.config/pinless-gate-display"');
  const { staffUrl } = gate;
  if (values.json) io.out(JSON.stringify({ display: gate.url, kiosk, staff: staffUrl }));
  else {
    io.out(`attendee display: ${gate.url}`);
    io.out(`in a kiosk browser: ${kiosk}`);
    if (staffUrl !== undefined) io.out(`staff: ${staffUrl}`);
  }
  // What goes wrong at the end is told by the last `close`.
  const stop = () => void gate.close().catch(() => undefined);
  io.signal.addEventListener('abort', stop);
  if (io.signal.aborted) stop(); // told to while it started
  try {
    await gate.run();
  } catch (error) {
    const code = error instanceof GateError ? error.code : 'defect';
    log.fatal({ code }, 'the gate admits nobody and ends, to be started anew');
    throw error;
  } finally {
    io.signal.removeEventListener('abort', stop);
    await gate.close();
  }
  return EXIT_OK;
};
