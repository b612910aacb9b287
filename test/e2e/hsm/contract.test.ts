import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { CONTRACT, type Need, runCase } from '@pinless-gate/test/contract/cases';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { FakeKeyStore } from '../../fakes/key-store.ts';
import { makeToken } from './token.ts';
import { startTpm } from './tpm.ts';

const run = promisify(execFile);

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

describe("openCryptoki's software token", () => {
  test('all but keys on curves; what it lacks is refused', async () => {
    const lacks: readonly Need[] = ['make-ec-key'];
    const directory = mkdtempSync(join(tmpdir(), 'opencryptoki-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    // The daemon wants paths, sockets and shared memory of the whole machine: it gets its own.
    const program = fileURLToPath(new URL('../../dist/contract/main.js', import.meta.url));
    const script = fileURLToPath(new URL('./fixtures/opencryptoki.sh', import.meta.url));
    const inside = ['bash', script, directory, process.execPath, program, ...lacks];
    const { stdout } = await run('unshare', ['-mipf', '--mount-proc', ...inside]);
    const outcomes = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const expected = CONTRACT.map(({ name, needs }) => {
      const missing = needs.some((need) => lacks.includes(need));
      return [name, missing ? 'not offered' : 'passed'];
    });
    expect(outcomes).toEqual(expected);
  });
});
