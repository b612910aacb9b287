import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  readInstalledChains,
  storeInstitutionChain,
} from '@pinless-gate/hsm/ceremony/institution-files';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const [a, b, c] = [1, 2, 3].map((n) => new Uint8Array([n])) as [Uint8Array, Uint8Array, Uint8Array];
let directory: string;
let config: string;
const cvc = () => join(directory, 'cvc');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'institution-'));
  config = join(directory, 'hsm.toml');
  await writeFile(config, '[hsm]\n');
});
afterEach(() => rm(directory, { recursive: true }));

describe('storeInstitutionChain', () => {
  test('is read back in order, however long', async () => {
    for (const chain of [[a], [a, b], [a, b, c]]) {
      await storeInstitutionChain(cvc(), 'tr03110', chain);
      expect((await readInstalledChains(config)).chains).toEqual([{ layout: 'tr03110', chain }]);
    }
  });

  test('a renewal turns the link and leaves the old chain where it was', async () => {
    await storeInstitutionChain(cvc(), 'jpki', [a, b]);
    const old = await readlink(join(cvc(), 'jpki'));
    const paths = await storeInstitutionChain(cvc(), 'jpki', [a, c]);
    expect(paths.map((path) => path.slice(cvc().length))).toEqual([
      '/jpki/intermediate.cvc',
      '/jpki/institution.cvc',
    ]);
    expect([...(await readFile(paths[1]!))]).toEqual([3]);
    expect([...(await readFile(join(cvc(), old, 'institution.cvc')))]).toEqual([2]);
    expect((await readdir(cvc())).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('a directory in the place of the link is not touched', async () => {
    await mkdir(join(cvc(), 'jpki'), { recursive: true });
    await expect(storeInstitutionChain(cvc(), 'jpki', [a, b])).rejects.toMatchObject({
      code: 'ERR_INSTITUTION_FILES',
    });
    expect((await readdir(cvc())).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('readInstalledChains', () => {
  test('what [card] names comes before what lies beside the file', async () => {
    await storeInstitutionChain(cvc(), 'jpki', [a, b]);
    await writeFile(join(directory, 'x.cvc'), c);
    await writeFile(
      config,
      '[keys]\ninstitution = "other"\n[card]\njpki = { certificates = ["x.cvc"] }\niso = { certificates = ["gone.cvc"] }\n',
    );
    expect(await readInstalledChains(config)).toEqual({
      label: 'other',
      chains: [
        { layout: 'jpki', chain: [c] },
        { layout: 'tr03110', chain: [], unreadable: join(directory, 'gone.cvc') },
      ],
    });
  });

  test('nothing anywhere', async () => {
    expect((await readInstalledChains(config)).chains).toEqual([]);
  });
});
