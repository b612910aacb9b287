import { readFile } from 'node:fs/promises';
import { type Io, UsageError } from '@pinless-gate/runtime/program';
import { HsmError } from '../key-store.ts';

/** What opens an operator's token: typed unseen, or in a file that the operator names. */
export async function operatorPin(
  pinFile: string | undefined,
  whose: string,
  io: Io,
): Promise<{ readonly pin: string } | { readonly pinFile: string }> {
  if (pinFile !== undefined) return { pinFile };
  return { pin: await typed(`PIN of ${whose}: `, io) };
}

/** A PIN for a new token: typed twice, or what stands in the file. */
export async function newOperatorPin(
  pinFile: string | undefined,
  whose: string,
  io: Io,
): Promise<string> {
  if (pinFile !== undefined) return nonEmpty((await readFile(pinFile, 'utf8')).trimEnd());
  const pin = await typed(`new PIN of ${whose}: `, io);
  const again = await typed('the same again: ', io);
  if (pin !== again) throw new HsmError('ERR_HSM_PIN_TYPED', 'two different PINs were typed');
  return pin;
}

async function typed(prompt: string, { readSecret }: Io): Promise<string> {
  if (readSecret) return nonEmpty(await readSecret(prompt));
  throw new UsageError('there is no terminal to type the PIN at', 'name it with --pin-file FILE');
}

function nonEmpty(pin: string): string {
  if (pin === '') throw new HsmError('ERR_HSM_PIN_TYPED', 'the PIN is empty; it was not tried');
  return pin;
}
