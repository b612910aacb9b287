import { createPublicKey } from 'node:crypto';
import { fromBase64, toHex } from '@pinless-gate/protocol/bytes';
import { type EcPublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';
import { z } from 'zod';
import { CeremonyError } from './error.ts';

export const operatorName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);

export const operatorSchema = z.strictObject({
  name: operatorName,
  /** What they are in the organisation: for people who read the log. */
  role: z.string().regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u),
  /** SubjectPublicKeyInfo, base64. */
  publicKey: z.base64(),
});

export type OperatorEntry = z.infer<typeof operatorSchema>;

export interface Operator {
  readonly name: string;
  readonly role: string;
  readonly publicKey: EcPublicKey;
}

/** Who may approve. Names and keys are given once: a log that names somebody always names the same key. */
export class OperatorList {
  readonly #active = new Map<string, Operator>();
  readonly #names = new Set<string>();
  readonly #keys = new Map<string, string>();

  get active(): readonly Operator[] {
    return [...this.#active.values()];
  }

  add(entry: OperatorEntry): void {
    const key = this.check(entry);
    const { name, role } = entry;
    this.#names.add(name);
    this.#keys.set(toHex(key.spki), name);
    this.#active.set(name, { name, role, publicKey: key });
  }

  /** Throws where this operator cannot be added; returns the key. */
  check({ name, publicKey }: OperatorEntry): EcPublicKey {
    const key = operatorKey(fromBase64(publicKey), name);
    if (this.#names.has(name)) {
      throw new CeremonyError(
        'ERR_CEREMONY_OPERATOR_EXISTS',
        `there is or was an operator ${name}`,
        {
          hint: 'names are given once, so that the log stays unambiguous: choose another',
        },
      );
    }
    const holder = this.#keys.get(toHex(key.spki));
    if (holder !== undefined) {
      const message = `the key of ${name} is or was the key of ${holder}`;
      throw new CeremonyError('ERR_CEREMONY_OPERATOR_KEY', message, {
        hint: 'every operator has a key of their own: hsm operator new',
      });
    }
    return key;
  }

  remove(name: string): void {
    this.require(name);
    this.#active.delete(name);
  }

  require(name: string): Operator {
    const operator = this.#active.get(name);
    if (operator) return operator;
    if (this.#names.has(name)) {
      const message = `${name} is no operator any more`;
      throw new CeremonyError('ERR_CEREMONY_OPERATOR_REMOVED', message);
    }
    throw new CeremonyError('ERR_CEREMONY_OPERATOR', `nobody called ${name} is an operator`, {
      hint: 'hsm ceremony show lists them',
    });
  }
}

/** Throws `ERR_CEREMONY_OPERATOR_KEY` for anything but a key on P-256. */
export function operatorKey(spki: Uint8Array, name: string): EcPublicKey {
  const key = readPublicKey(spki);
  if (key.kind === 'ec' && key.curve.name === 'P-256') return key;
  throw new CeremonyError('ERR_CEREMONY_OPERATOR_KEY', `the key of ${name} is not on P-256`, {
    hint: 'hsm operator new makes one in a token',
  });
}

/** An operator's public key from PEM. */
export function operatorEntry(name: string, role: string, pem: string): OperatorEntry {
  const result = operatorSchema.shape.name.safeParse(name);
  if (!result.success) {
    throw new CeremonyError('ERR_CEREMONY_OPERATOR', `"${name}" is no name of an operator`, {
      hint: '1 to 32 lower-case letters, digits and dashes, beginning with a letter',
    });
  }
  if (!operatorSchema.shape.role.safeParse(role).success) {
    throw new CeremonyError(
      'ERR_CEREMONY_OPERATOR',
      `the role of ${name} is not 1 to 100 printable characters`,
    );
  }
  const spki = spkiOf(pem, name);
  return { name, role, publicKey: Buffer.from(operatorKey(spki, name).spki).toString('base64') };
}

function spkiOf(pem: string, name: string): Uint8Array {
  // A private key would be taken too, and has no place here.
  const isPublic = /^-----BEGIN PUBLIC KEY-----/.test(pem);
  try {
    if (isPublic) return createPublicKey(pem).export({ format: 'der', type: 'spki' });
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
  }
  throw new CeremonyError(
    'ERR_CEREMONY_OPERATOR_KEY',
    `the key of ${name} is no public key in PEM`,
  );
}
