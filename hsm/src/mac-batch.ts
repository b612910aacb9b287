import { HsmError, MAC_LENGTH } from './key-store.ts';

/** Many inputs in one buffer, one after another: what crosses to the module's process. */
export interface MacBatch {
  readonly flat: Uint8Array;
  readonly lengths: Uint32Array;
}

export function packInputs(inputs: readonly Uint8Array[]): MacBatch {
  const lengths = new Uint32Array(inputs.length);
  let total = 0;
  for (let i = 0; i < inputs.length; i++) {
    const { length } = inputs[i]!;
    lengths[i] = length;
    total += length;
  }
  const flat = new Uint8Array(total);
  let offset = 0;
  for (const input of inputs) {
    flat.set(input, offset);
    offset += input.length;
  }
  return { flat, lengths };
}

/** Views of 64 octets each. A buffer of another size is ERR_HSM_RESULT. */
export function splitMacs(macs: Uint8Array, count: number): Uint8Array[] {
  if (macs.length !== count * MAC_LENGTH) {
    const why = `${macs.length} octets for ${count} HMACs of ${MAC_LENGTH}`;
    throw new HsmError('ERR_HSM_RESULT', why);
  }
  return Array.from({ length: count }, (_, i) =>
    macs.subarray(i * MAC_LENGTH, (i + 1) * MAC_LENGTH),
  );
}
