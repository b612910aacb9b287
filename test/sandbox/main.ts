import { main } from '@pinless-gate/runtime/program';
import { sandbox } from './program.ts';

await main(sandbox);
