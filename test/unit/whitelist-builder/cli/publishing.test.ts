import { createPublicKey } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@pinless-gate/protocol/bundle';
import { toHex } from '@pinless-gate/protocol/bytes';
import { encodePublisherSet, encodeSignedPublisherSet } from '@pinless-gate/protocol/publishers';
import { program } from '@pinless-gate/whitelist-builder/cli/program';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import { EVENT_ID, gateKeys, publish, strangers, temporary } from '../../gate-firmware/fixture.ts';
import { run } from '../../run.ts';

let store: FakeKeyStore;
let root: string;
const at = (name: string) => join(root, name);
const whitelist = (...argv: string[]) => run(program, ...argv);

beforeEach(async () => {
  store = await gateKeys();
  root = temporary();
  await publish(at('bundle'), { store, entries: strangers(20) });
  const key = Buffer.from(await store.publicKey('publisher'));
  const pem = createPublicKey({ key, format: 'der', type: 'spki' });
  await writeFile(at('publisher.pem'), pem.export({ format: 'pem', type: 'spki' }));
});

describe('whitelist publish', () => {
  const to = () => [
    'publish',
    at('bundle'),
    '--to',
    at('served'),
    '--publisher',
    at('publisher.pem'),
  ];

  test('says what it did, for people and for programs', async () => {
    const first = await whitelist(...to());
    expect(first).toMatchObject({
      code: 0,
      out: [expect.stringMatching(/^published: .* 20 entries/)],
    });
    expect(first.err).toEqual([expect.stringMatching(/^4 new buckets, \d+,?\d* octets$/)]);
    const again = await whitelist(...to(), '--json', '--keep', '1');
    expect(JSON.parse(again.out.join())).toMatchObject({
      ...{ changed: false, buckets: 0, octets: 0, publishers: [], dropped: 0 },
      ...{ version: 1, entries: 20 },
    });
  });

  test.each<[string, readonly string[], string]>([
    ['no target', ['publish', 'B', '--publisher', 'P'], '--to is required'],
    ['the bundle itself', ['publish', 'B', '--to', 'B', '--publisher', 'P'], 'the bundle itself'],
    ['nobody to ask for', ['publish', 'B', '--to', 'T'], 'either --event or --publisher'],
    ['none to keep', ['publish', 'B', '--to', 'T', '--publisher', 'P', '--keep', '0'], '--keep'],
    [
      'more than there are',
      ['publish', 'B', '--to', 'T', '--publisher', 'P', '--threshold', '2'],
      '--threshold',
    ],
    ['a sign without HSM', ['sign', 'B', '--signed-by', 'P'], '--config is required'],
    [
      'half a fingerprint',
      ['sign', 'B', '--config', 'C', '--signed-by', 'P', '--fingerprint', 'K7F'],
      '--fingerprint',
    ],
    [
      'a letter that no fingerprint has',
      ['sign', 'B', '--config', 'C', '--signed-by', 'P', '--fingerprint', 'K7F-2QO'],
      '--fingerprint',
    ],
    [
      'a set of nobody',
      ['publishers', 'new', '--event', 'E', '--number', '1', '--threshold', '1', '--out', 'O'],
      '--publisher',
    ],
    ['two sets to show', ['publishers', 'show', 'A', 'B'], 'one file'],
  ])('wrong usage: %s', async (_, argv, message) => {
    const paths: Record<string, string> = { B: at('bundle'), T: at('t'), P: at('publisher.pem') };
    const { code, err } = await whitelist(...argv.map((word) => paths[word] ?? word));
    expect(code).toBe(2);
    expect(err[0]).toContain(message);
  });

  test('a file that is no set of publishers', async () => {
    const { code, err } = await whitelist(...to(), '--publishers', at('publisher.pem'));
    expect(code).toBe(1);
    expect(err[0]).toMatch(/^whitelist publish: .*publisher\.pem: .* \[ERR_PUBLISHERS_FILE\]$/);
  });
});

describe('whitelist publishers show', () => {
  const keyId = async (label: string) => sha256(await store.publicKey(label));

  test('who signed, and who is none of them', async () => {
    const set = encodePublisherSet({
      ...{ eventId: EVENT_ID, number: 3, issuedAt: 1, listFloor: 11 },
      publishers: { keys: [await store.publicKey('publisher')], threshold: 1 },
    });
    const signatures = await Promise.all(
      ['publisher', 'device'].map(async (label) => ({
        keyId: await keyId(label),
        signature: await store.sign(label, label === 'publisher' ? sha256(set) : set),
      })),
    );
    await writeFile(at('set'), encodeSignedPublisherSet({ set, signatures }));
    const { out } = await whitelist('publishers', 'show', at('set'), '--json');
    expect(JSON.parse(out[0]!)).toEqual({
      ...{ eventId: toHex(EVENT_ID), number: 3, issuedAt: '1970-01-01T00:00:01Z', listFloor: 11 },
      threshold: 1,
      // What it signed is another text.
      publishers: [{ key: toHex(await keyId('publisher')), signed: false }],
      signedBesides: [toHex(await keyId('device'))],
    });
    const people = (await whitelist('publishers', 'show', at('set'))).out;
    expect(people[1]).toBe('1 of 1 must sign; 0 have signed this');
    expect(people[2]).toBe('gates start again above list version 11');
  });

  test.each(['missing', 'directory'])('a %s', async (name) => {
    mkdirSync(at('directory'));
    const { code, err } = await whitelist('publishers', 'show', at(name));
    expect(code).toBe(1);
    expect(err[0]).toMatch(/\[ERR_PUBLISHERS_FILE\]$/);
  });
});
