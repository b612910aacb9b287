import { readHsmConfig } from '@pinless-gate/hsm/config';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { CONTRACT, type Need, runCase } from './cases.ts';

// `main.js HSM.TOML [LACKING…]`: the contract on a token, one line of JSON a case. For modules whose surroundings
// have to be made around a process.
const [config, ...lacks] = process.argv.slice(2);
const store = await openKeyStore(await readHsmConfig(config!));
for (const one of CONTRACT) {
  const outcome = await runCase(one, store, new Set(lacks as Need[])).catch(String);
  console.log(JSON.stringify([one.name, outcome]));
}
await store.close();
