import { HsmError, type KeyInfo, type KeyKind } from './key-store.ts';

interface KeyRule {
  readonly type: KeyInfo['type'];
  readonly bits: number;
  readonly words: string;
  /** How to make a right one. */
  readonly make: (label: string) => string;
}

export const KEY_RULES: Readonly<Record<KeyKind, KeyRule>> = {
  institution: {
    type: 'rsa',
    bits: 2048,
    words: 'an RSA-2048 key',
    make: (label) => `hsm institution new --label ${label}`,
  },
  event: {
    type: 'secret',
    bits: 512,
    words: 'a generic secret of 64 octets',
    make: (label) => `hsm event-key new --label ${label}`,
  },
  publisher: {
    type: 'ec',
    bits: 256,
    words: 'an EC P-256 key',
    make: (label) => `hsm publisher new --label ${label}`,
  },
  device: {
    type: 'ec',
    bits: 256,
    words: 'an EC P-256 key',
    make: (label) => `hsm device new --label ${label}`,
  },
  operator: {
    type: 'ec',
    bits: 256,
    words: 'an EC P-256 key',
    make: (label) => `hsm operator new ${label.replace(/^operator-/, '')} --token FILE`,
  },
};

/** Flags that give nobody more than `sign` does. */
const HARMLESS = new Set(['sign', 'sign-recover', 'verify']);

/** Throws at the first thing that makes this key unfit for its kind. `undefined`: no such label. */
export function requireKey(label: string, kind: KeyKind, info: KeyInfo | undefined): void {
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
  if (info.bits !== rule.bits) {
    const message = `key "${label}" has ${info.bits} bits, ${rule.words} is wanted`;
    throw new HsmError('ERR_HSM_KEY_SIZE', message, { hint });
  }
  if (info.extractable) {
    throw new HsmError('ERR_HSM_KEY_EXTRACTABLE', `key "${label}" can be extracted`, { hint });
  }
  if (!info.sensitive) {
    throw new HsmError('ERR_HSM_KEY_SENSITIVE', `key "${label}" can be read in the clear`, {
      hint,
    });
  }
  const surplus = info.usage.filter((flag) => !HARMLESS.has(flag));
  if (!info.usage.includes('sign') || surplus.length > 0) {
    const wrong = surplus.length > 0 ? `may also ${surplus.join(', ')}` : 'may not sign';
    throw new HsmError('ERR_HSM_KEY_USAGE', `key "${label}" ${wrong}`, { hint });
  }
}

/** What a key is meant for, by its label: the default labels, and labels that begin so (`event-…`). */
export function kindOfLabel(label: string): KeyKind | undefined {
  return (Object.keys(KEY_RULES) as KeyKind[]).find(
    (kind) => label === kind || label.startsWith(`${kind}-`),
  );
}
