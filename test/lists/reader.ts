import { openReadOnly } from '@pinless-gate/gate-firmware/storage/lmdb';

// Reads a gate's copy and says so, until it is killed. Started by killed-readers.ts.

const environment = await openReadOnly(process.argv[2]!);
for (const _ of environment.getRange({})) {
  process.send!('reading');
  break;
}
process.on('disconnect', () => process.exit());
