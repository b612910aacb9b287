import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { institutionRequest } from '@pinless-gate/hsm/ceremony/institution-request';
import { toHex } from '@pinless-gate/protocol/bytes';
import { decodeJpkiCvc } from '@pinless-gate/protocol/cvc/jpki';
import { decodeCvCertificate } from '@pinless-gate/protocol/cvc/tr03110';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeKeyStore } from '../../../fakes/key-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'jlis-'));
const store = new FakeKeyStore();
let jlis: Jlis;

beforeAll(async () => {
  jlis = await Jlis.create(directory);
  await store.generate('institution', 'institution');
  await store.generate('institution-2', 'institution');
}, 30_000);
afterAll(() => rmSync(directory, { recursive: true }));

const jpki = (label = 'institution') => institutionRequest(store, { layout: 'jpki', label });
const tr03110 = (holderReference = 'JPGATE00001') =>
  institutionRequest(store, { layout: 'tr03110', label: 'institution', holderReference });

describe('certifyRequest', () => {
  test('one key, one institution code, in both layouts', async () => {
    const first = await jlis.certifyRequest(await jpki());
    const again = await jlis.certifyRequest(await jpki());
    const iso = await jlis.certifyRequest(await tr03110());
    const other = await jlis.certifyRequest(await jpki('institution-2'));
    expect(first.code).toMatch(/^99\d{5}$/);
    expect([again.code, iso.code]).toEqual([first.code, first.code]);
    expect(other.code).not.toBe(first.code);
    const { subjectKeyId, publicKey } = decodeJpkiCvc(first.certificates.institution!);
    expect(Buffer.from(subjectKeyId).subarray(0, 7).toString()).toBe(first.code);
    expect(toHex(publicKey.spki)).toBe(toHex(await store.publicKey('institution')));
    expect(decodeCvCertificate(iso.certificates.terminal!).holderReference).toBe('JPGATE00001');
    expect(Object.keys(first.certificates)).toEqual(['intermediate', 'institution']);
  });

  test('a forged request: any octet of it changed', async () => {
    for (const request of [await jpki(), await tr03110()]) {
      for (let i = 0; i < request.length; i += 11) {
        const forged = request.with(i, request[i]! ^ 1);
        await expect(jlis.certifyRequest(forged), `octet ${i}`).rejects.toMatchObject({
          code: 'ERR_JLIS_REQUEST',
        });
      }
    }
    const state = JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8'));
    expect(state.institutions.length).toBeLessThanOrEqual(2);
  });

  test('nothing more for an institution that was revoked', async () => {
    const { code } = await jlis.certifyRequest(await jpki('institution-2'));
    await jlis.revokeInstitution(code);
    const reopened = await Jlis.open(directory);
    await expect(reopened.certifyRequest(await jpki('institution-2'))).rejects.toMatchObject({
      code: 'ERR_JLIS_INSTITUTION_REVOKED',
    });
    await expect(reopened.revokeInstitution('0000000')).rejects.toMatchObject({
      code: 'ERR_JLIS_INSTITUTION',
    });
  });
});

describe('institutionRequest', () => {
  test('by a key of another kind', async () => {
    await store.generate('device', 'device');
    const wanted = { layout: 'jpki', label: 'device' } as const;
    await expect(institutionRequest(store, wanted)).rejects.toMatchObject({
      code: 'ERR_HSM_KEY_USAGE',
    });
  });

  test('a signature that is wrong never leaves', async () => {
    const lying = Object.assign(Object.create(store) as FakeKeyStore, {
      require: async () => {},
      publicKey: () => store.publicKey('institution'),
      sign: () => store.sign('institution-2', new Uint8Array(1)),
    });
    for (const wanted of [
      { layout: 'jpki', label: 'institution' },
      { layout: 'tr03110', label: 'institution', holderReference: 'JPGATE00001' },
    ] as const) {
      await expect(institutionRequest(lying, wanted)).rejects.toMatchObject({
        code: 'ERR_CVC_SIGNATURE',
      });
    }
  });
});
