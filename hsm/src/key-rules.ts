import {
  HsmError,
  type KeyInfo,
  type KeyKind,
  type MovableKind,
  type RequireOptions,
} from './key-store.ts';

interface KeyRule {
  readonly type: KeyInfo['type'];
  readonly bits: readonly number[];
  readonly words: string;
  /** The one thing that it may do. */
  readonly use: 'sign' | 'unwrap';
  /** How to make a right one. */
  readonly make: (label: string) => string;
}

export const KEY_RULES: Readonly<Record<KeyKind, KeyRule>> = {
  institution: {
    type: 'rsa',
    bits: [2048],
    use: 'sign',
    words: 'an RSA-2048 key',
    make: (label) => `hsm institution new --label ${label}`,
  },
  event: {
    type: 'secret',
    bits: [512],
    use: 'sign',
    words: 'a generic secret of 64 octets',
    make: (label) => `hsm event-key new --label ${label}`,
  },
  publisher: {
    type: 'ec',
    bits: [256],
    use: 'sign',
    words: 'an EC P-256 key',
    make: (label) => `hsm publisher new --label ${label}`,
  },
  device: {
    type: 'ec',
    bits: [256],
    use: 'sign',
    words: 'an EC P-256 key',
    make: (label) => `hsm device new --label ${label}`,
  },
  operator: {
    type: 'ec',
    bits: [256],
    use: 'sign',
    words: 'an EC P-256 key',
    make: (label) => `hsm operator new ${label.replace(/^operator-/, '')} --token FILE`,
  },
  transport: {
    type: 'rsa',
    bits: [2048, 3072, 4096],
    words: 'an RSA key of 2048, 3072 or 4096 bits',
    use: 'unwrap',
    make: (label) => `hsm transport new --label ${label}`,
  },
};

/** Flags that give nobody more than the use does. */
const HARMLESS = {
  sign: new Set(['sign', 'sign-recover', 'verify']),
  unwrap: new Set(['unwrap']),
} as const satisfies Record<string, ReadonlySet<string>>;

/** What may be moved from module to module. */
export function isMovable(kind: KeyKind): kind is MovableKind {
  return kind === 'event' || kind === 'institution';
}

/**
 * Throws at the first thing that makes this key unfit for its kind. `undefined`: no such label. `transportable`: at an
 * issuer, whose keys may leave wrapped.
 */
export function requireKey(
  label: string,
  kind: KeyKind,
  info: KeyInfo | undefined,
  { transportable = false }: RequireOptions = {},
): void {
  const rule = KEY_RULES[kind];
  if (!info) {
    throw new HsmError('ERR_HSM_KEY_MISSING', `no key labelled "${label}" in the token`, {
      hint: `make one with: ${rule.make(label)}`,
    });
  }
  const replace = 'keep it out of use and make a new one under another label with: ';
  const hint = `${replace}${rule.make(`${label}-2`)}`;
  if (info.type !== rule.type) {
    const message = `key "${label}" is of type ${info.type}, ${rule.words} is wanted`;
    throw new HsmError('ERR_HSM_KEY_TYPE', message, { hint: `name another label, or ${hint}` });
  }
  // Of a secret that arrived wrapped some modules do not tell the length; its id was checked when it arrived.
  const untold = info.type === 'secret' && info.bits === 0 && !info.local;
  if (!rule.bits.includes(info.bits) && !untold) {
    const message = `key "${label}" has ${info.bits} bits, ${rule.words} is wanted`;
    throw new HsmError('ERR_HSM_KEY_SIZE', message, { hint });
  }
  if (info.extractable && !(transportable && isMovable(kind))) {
    throw new HsmError('ERR_HSM_KEY_EXTRACTABLE', `key "${label}" can be extracted`, { hint });
  }
  if (!info.sensitive) {
    throw new HsmError('ERR_HSM_KEY_SENSITIVE', `key "${label}" can be read in the clear`, {
      hint,
    });
  }
  const harmless: ReadonlySet<string> = HARMLESS[rule.use];
  const surplus = info.usage.filter((flag) => !harmless.has(flag));
  if (!info.usage.includes(rule.use) || surplus.length > 0) {
    const wrong = surplus.length > 0 ? `may also ${surplus.join(', ')}` : `may not ${rule.use}`;
    throw new HsmError('ERR_HSM_KEY_USAGE', `key "${label}" ${wrong}`, { hint });
  }
}

/** What a key is meant for, by its label: the default labels, and labels that begin so (`event-…`). */
export function kindOfLabel(label: string): KeyKind | undefined {
  return (Object.keys(KEY_RULES) as KeyKind[]).find(
    (kind) => label === kind || label.startsWith(`${kind}-`),
  );
}
