import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { CONTRACT, type Need, runCase } from '@pinless-gate/test/contract/cases';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeKeyStore } from '../../fakes/key-store.ts';
import { makeToken } from './token.ts';
import { startTpm } from './tpm.ts';

// One contract for every key store. What a module does not offer is listed here, and must really fail there.

interface Opened {
  readonly store: KeyStore;
  readonly close: () => Promise<void>;
}

interface Subject {
  readonly name: string;
  readonly lacks: readonly Need[];
  readonly open: () => Promise<Opened>;
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'the fake',
    lacks: [],
    open: async () => {
      const store = new FakeKeyStore();
      return { store, close: () => store.close() };
    },
  },
  {
    name: 'SoftHSM',
    lacks: [],
    open: async () => {
      const token = await makeToken();
      const store = await openKeyStore(token.config);
      return { store, close: () => store.close().then(() => token.remove()) };
    },
  },
  {
    name: 'a TPM 2.0 by libtpm2-pkcs11',
    lacks: ['make-event-key', 'send-event-key', 'take-event-key'],
    open: async () => {
      const tpm = await startTpm();
      await tpm.makeEventKey('event');
      const store = await openKeyStore(tpm.config, { operationMs: 10_000 });
      return { store, close: () => store.close().then(() => tpm.close()) };
    },
  },
];

describe.each(SUBJECTS)('$name', ({ lacks, open }) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());

  const wanted = new Set(lacks);
  for (const one of CONTRACT) {
    const missing = one.needs.filter((need) => wanted.has(need));
    const title = missing.length > 0 ? `NOT OFFERED BY THIS MODULE: ${one.name}` : one.name;
    test(title, async () => {
      expect(await runCase(one, opened.store, wanted)).toBe(
        missing.length > 0 ? 'not offered' : 'passed',
      );
    });
  }
});
