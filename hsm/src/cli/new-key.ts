import { parseArgs } from 'node:util';
import { EXIT_OK, type Io } from '@pinless-gate/runtime/program';
import { newKey } from '../ceremony/new-key.ts';
import { DEFAULT_LABELS, eventKeyLabel, type KeyKind } from '../key-store.ts';
import { COMMON_OPTIONS, parseEventId, withKeyStore } from './options.ts';

/** `hsm institution new`, `hsm publisher new`, `hsm device new`. */
export function newKeyCommand(kind: keyof typeof DEFAULT_LABELS) {
  return async (argv: readonly string[], io: Io): Promise<number> => {
    const options = { ...COMMON_OPTIONS, label: { type: 'string' } } as const;
    const { values } = parseArgs({ args: [...argv], options });
    return makeKey({ ...values, label: values.label ?? DEFAULT_LABELS[kind], kind }, io);
  };
}

/** `hsm event-key new`. */
export async function newEventKeyCommand(argv: readonly string[], io: Io): Promise<number> {
  const options = {
    ...COMMON_OPTIONS,
    event: { type: 'string' },
    label: { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...argv], options });
  // A label alone is enough: the event's files may name any.
  const label = values.label ?? eventKeyLabel(parseEventId(values.event));
  return makeKey({ ...values, label, kind: 'event' }, io);
}

interface Wanted {
  readonly config?: string | undefined;
  readonly json: boolean;
  readonly label: string;
  readonly kind: KeyKind;
}

async function makeKey({ config, json, label, kind }: Wanted, io: Io): Promise<number> {
  const made = await withKeyStore(config, (store) => newKey(store, label, kind));
  if (json) {
    io.out(JSON.stringify({ ...made.key, publicKeyPem: made.publicKeyPem }));
    return EXIT_OK;
  }
  io.out(`${kind} key "${label}", id ${made.key.id}`);
  if (made.publicKeyPem) io.out(made.publicKeyPem.trimEnd());
  return EXIT_OK;
}
