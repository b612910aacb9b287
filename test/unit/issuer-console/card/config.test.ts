import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConsoleConfig } from '@pinless-gate/issuer-console/config';
import { beforeAll, describe, expect, test } from 'vitest';
import { Jlis } from '../../../sandbox/jlis/jlis.ts';
import { signerKey } from '../../../sandbox/jlis/link.ts';
import { SignatureCa } from '../../../sandbox/jlis/signature-ca.ts';
import { forFile } from '../../gate-firmware/temporary.ts';

const LEAST = '[listen]\nport = 0\n[store]\ndirectory = "s"\n[bundle]\ndirectory = "b"\n';
const JLIS = `[jlis]
link = "http://127.0.0.1:9300/link"
link_signer = "link-signer.pem"
surface_ca = "surface-ca.json"
[jlis.authentication]
anchors = ["ca.pem"]
crls = ["crl.der", "http://127.0.0.1:9300/crl.der"]
[jlis.signature]
issuer = "sign"
anchors = ["signature-ca.pem"]
responder = "http://127.0.0.1:9300/"
`;
let directory: string;

beforeAll(async () => {
  const { files } = await Jlis.create(forFile());
  await SignatureCa.open(files);
  await signerKey(files);
  directory = files.directory;
}, 60_000);

async function read(text: string) {
  const path = join(directory, 'issuer-console.toml');
  writeFileSync(path, text);
  return (await readConsoleConfig(path)).jlis;
}

describe('[jlis]', () => {
  test('says how cards are believed', async () => {
    expect(await read(LEAST + JLIS)).toMatchObject({
      maxAgeS: 86_400,
      keepsModulus: false,
      link: { url: 'http://127.0.0.1:9300/link' },
      surfaceCa: { keyId: expect.any(Uint8Array) },
      authentication: {
        issuer: { name: 'jpki-auth', generations: [{ fault: undefined }] },
        crls: [join(directory, 'crl.der'), 'http://127.0.0.1:9300/crl.der'],
        responder: undefined,
      },
      signature: { issuer: { name: 'sign' }, crls: [], responder: 'http://127.0.0.1:9300/' },
    });
  });

  test('without it no card is taken', async () => {
    expect(await read(LEAST)).toBeUndefined();
  });

  test.each<[string, string, string, string]>([
    ['no list and no responder', 'responder = "http://127.0.0.1:9300/"', '', 'signature.crls'],
    ['a responder that is no address', 'http://127.0.0.1:9300/"\n', 'ocsp"\n', 'responder'],
    [
      'CAs of two names',
      '["signature-ca.pem"]',
      '["signature-ca.pem", "ca.pem"]',
      'different names',
    ],
    ['a signer that is no key', 'link-signer.pem', 'surface-ca.json', 'link_signer'],
    ['a surface CA that is none', '"surface-ca.json"', '"ca.pem"', 'surface_ca'],
    ['an unknown key', 'link_signer', 'link_singer', 'jlis.link_singer'],
    ['no link', 'link = "http://127.0.0.1:9300/link"', '', 'jlis.link'],
  ])('refused: %s', async (_, from, to, named) => {
    await expect(read(LEAST + JLIS.replace(from, to))).rejects.toThrow(named);
  });

  test('refused: an anchor that is no CA', async () => {
    const text = JLIS.replace('["ca.pem"]', '["surface-ca.json"]');
    await expect(read(LEAST + text)).rejects.toThrow(/ca/);
  });
});
