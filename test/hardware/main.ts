import { main } from '@pinless-gate/runtime/program';
import { hardwareCommand, USAGE } from './program.ts';

await main({
  name: 'test:hardware',
  usage: USAGE,
  commands: (argv, io) => hardwareCommand(argv, io, process.stdin),
});
