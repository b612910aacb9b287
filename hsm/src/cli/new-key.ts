import { parseArgs } from 'node:util';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { newKey } from '../ceremony/new-key.ts';
import { isMovable } from '../key-rules.ts';
import { DEFAULT_LABELS, eventKeyLabel, type KeyKind } from '../key-store.ts';
import { COMMON_OPTIONS, parseEventId, parseGeneration, withKeyStore } from './options.ts';

/** `hsm institution new`, `hsm publisher new`, `hsm device new`, `hsm transport new`. */
export function newKeyCommand(kind: keyof typeof DEFAULT_LABELS) {
  return async (argv: readonly string[], io: Io): Promise<number> => {
    const options = {
      ...COMMON_OPTIONS,
      label: { type: 'string' },
      transportable: { type: 'boolean' },
    } as const;
    const { values } = parseArgs({ args: [...argv], options });
    if (values.transportable && !isMovable(kind)) {
      throw new UsageError(`--transportable: a ${kind} key never leaves its token`);
    }
    return makeKey({ ...values, label: values.label ?? DEFAULT_LABELS[kind], kind }, io);
  };
}

/** `hsm event-key new`. */
export async function newEventKeyCommand(argv: readonly string[], io: Io): Promise<number> {
  const options = {
    ...COMMON_OPTIONS,
    event: { type: 'string' },
    label: { type: 'string' },
    generation: { type: 'string', default: '1' },
    transportable: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args: [...argv], options });
  const generation = parseGeneration(values.generation);
  // A label alone is enough: the event's files may name any.
  const label = values.label ?? eventKeyLabel(parseEventId(values.event), generation);
  return makeKey({ ...values, label, kind: 'event' }, io);
}

interface Wanted {
  readonly config?: string | undefined;
  readonly json: boolean;
  readonly label: string;
  readonly kind: KeyKind;
  readonly transportable?: boolean | undefined;
}

async function makeKey(wanted: Wanted, io: Io): Promise<number> {
  const { config, json, label, kind, transportable = false } = wanted;
  const made = await withKeyStore(config, (store) => newKey(store, label, kind, { transportable }));
  if (transportable && !made.key.wrapWithTrusted) {
    io.err(
      'this module cannot hold the key to trusted wrapping keys: hsm status says what follows',
    );
  }
  if (json) {
    io.out(JSON.stringify({ ...made.key, publicKeyPem: made.publicKeyPem }));
    return EXIT_OK;
  }
  io.out(`${kind} key "${label}", id ${made.key.id}`);
  if (made.publicKeyPem) io.out(made.publicKeyPem.trimEnd());
  return EXIT_OK;
}
