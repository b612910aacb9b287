import { main } from '@pinless-gate/runtime/program';
import { program } from './cli/program.ts';

await main(program);
