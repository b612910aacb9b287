import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCards, statementsOf } from '@pinless-gate/issuer-console/card/open';
import { type StatementDeps, verifyStatement } from '@pinless-gate/issuer-console/card/statement';
import { readConsoleConfig } from '@pinless-gate/issuer-console/config';
import { toHex } from '@pinless-gate/protocol/bytes';
import {
  type CardStatement,
  formatCardStatement,
  statementMessage,
} from '@pinless-gate/protocol/card-statement';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import { modulusHash, surfaceKey } from '@pinless-gate/protocol/kazashi/surface-record';
import { purchaseSchema } from '@pinless-gate/whitelist-builder/purchase/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JpkiCardFile } from '../../../sandbox/card/card-file.ts';
import { Jlis } from '../../../sandbox/jlis/jlis.ts';
import { newRsaKey } from '../../../sandbox/jlis/keys.ts';
import { LINK_FAULTS } from '../../../sandbox/jlis/link.ts';
import { type NewCardOptions, newCard } from '../../../sandbox/jlis/new-card.ts';
import { type JlisServer, startJlisServer } from '../../../sandbox/jlis/server.ts';
import { SignatureCa } from '../../../sandbox/jlis/signature-ca.ts';
import { forFile } from '../../gate-firmware/temporary.ts';
import { certificateOf, jlisToml, NOW, requestFor, stated } from './desk.ts';

const DAY_MS = 86_400_000;
let directory: string;
let jlis: Jlis;
let server: JlisServer;
let card: JpkiCardFile;
let other: JpkiCardFile;
const troubles: string[] = [];

async function plastic(options: NewCardOptions = {}): Promise<JpkiCardFile> {
  const password = { signaturePassword: 'ABC12345' };
  const { file } = await newCard(jlis, { birthDate: '19800217', ...password, ...options });
  if (file.profile !== 'jpki') throw new Error('not a plastic card');
  return file;
}

/** As a console that has just started, so that lists are fetched anew. */
async function deps(more = ''): Promise<StatementDeps> {
  const path = join(directory, 'issuer-console.toml');
  const rest = '[listen]\nport = 0\n[store]\ndirectory = "s"\n[bundle]\ndirectory = "b"\n';
  writeFileSync(path, rest + jlisToml(directory, server.url, more));
  const { jlis: config } = await readConsoleConfig(path);
  return openCards(config!, {
    now: () => NOW,
    random: (length) => new Uint8Array(randomBytes(length)),
    onTrouble: (issuer, code) => troubles.push(`${issuer} ${code}`),
  });
}

async function outcome(request: Uint8Array, statement: CardStatement, now = NOW): Promise<string> {
  return verifyStatement(await deps(), request, statement, now).then(
    () => 'ok',
    ({ code }: { code: string }) => code,
  );
}

const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64');

beforeAll(async () => {
  jlis = await Jlis.create(forFile());
  directory = jlis.files.directory;
  card = await plastic();
  other = await plastic();
  server = await startJlisServer(directory);
}, 60_000);
afterAll(() => server.close());

describe('a card that states what it was asked', () => {
  test('with the authentication key: its certificate is the holder', async () => {
    const request = requestFor();
    const proven = await verifyStatement(
      await deps(),
      request,
      stated(card, 'authentication', request),
      NOW,
    );
    expect(proven).toEqual({
      method: 'authentication',
      holder: { certificate: base64(certificateOf(card)) },
    });
  });

  test('with the signature key: what J-LIS links to it is the holder', async () => {
    const request = requestFor();
    const statement = stated(card, 'signature', request);
    const shown = stated(card, 'signature', request, { shows: certificateOf(card) });
    const holder = { certificate: base64(certificateOf(card)) };
    const known = await deps();
    for (const one of [statement, shown]) {
      expect(await verifyStatement(known, request, one, NOW)).toEqual({
        method: 'signature',
        holder,
      });
    }
  });

  test('by serial number, where nobody shows the certificate', async () => {
    const request = requestFor();
    const serial = toHex(parseCertificate(certificateOf(card)).serial);
    const link = { link: async () => ({ serial, issuer: 'jpki-auth' }) };
    const statement = stated(card, 'signature', request);
    const proven = await verifyStatement({ ...(await deps()), link }, request, statement, NOW);
    expect(proven.holder).toEqual({ serial, issuer: 'jpki-auth' });
  });

  test.each(['signature', 'authentication'] as const)('with its chip: %s', async (method) => {
    const request = requestFor();
    const statement = stated(card, method, request, { kazashi: true });
    const { holder } = await verifyStatement(await deps(), request, statement, NOW);
    expect(holder.kazashi).toMatchObject({ reference: '550217', birthDate: '19800217' });
    expect(Object.keys(holder.kazashi!)).not.toContain('modulus');
    expect(purchaseSchema.shape.holder.parse(holder)).toEqual(holder);
  });

  test('with the chip’s whole key, where the console keeps it', async () => {
    const request = requestFor();
    const statement = stated(card, 'authentication', request, { kazashi: true });
    const known = await deps('kazashi_modulus = true');
    const { kazashi } = (await verifyStatement(known, request, statement, NOW)).holder;
    const key = surfaceKey(Buffer.from(kazashi!.modulus!, 'base64'));
    expect(toHex(modulusHash(key))).toBe(kazashi!.modulusHash);
  });

  test('a certificate alone, for a check', async () => {
    const request = requestFor({ purpose: 'check' });
    const certificate = certificateOf(card);
    const statement = { request, method: 'read', certificate } as const;
    const proven = await verifyStatement(await deps(), request, statement, NOW);
    expect(proven).toEqual({ method: 'read', holder: { certificate: base64(certificate) } });
  });
});

describe('refused', () => {
  const request = requestFor();

  test.each<[string, () => CardStatement, string]>([
    ['another request', () => stated(card, 'authentication', requestFor()), 'REQUEST'],
    [
      'a certificate alone, for a purchase',
      () => ({ request, method: 'read', certificate: certificateOf(card) }),
      'METHOD',
    ],
    [
      'a signature over another request',
      () => ({ ...stated(card, 'authentication', requestFor()), request }),
      'SIGNATURE',
    ],
    [
      'a signature by another key',
      () => ({ ...stated(other, 'authentication', request), certificate: certificateOf(card) }),
      'SIGNATURE',
    ],
    [
      'no signature',
      () => ({ ...stated(card, 'authentication', request), signature: undefined }),
      'SIGNATURE',
    ],
    [
      'the signature certificate for authentication',
      () => ({ ...stated(card, 'signature', request), method: 'authentication' }),
      'CLASS',
    ],
    [
      'the authentication certificate for a signature',
      () => ({ ...stated(card, 'authentication', request), method: 'signature' }),
      'CLASS',
    ],
    [
      'another card’s authentication certificate',
      () => stated(card, 'signature', request, { shows: certificateOf(other) }),
      'LINK_OTHER',
    ],
    [
      'a certificate that is none',
      () => ({ ...stated(card, 'authentication', request), certificate: new Uint8Array(300) }),
      'CERTIFICATE',
    ],
    [
      'a chip that the holder did not name',
      () => {
        const { kazashi } = stated(other, 'authentication', request, { kazashi: true });
        return { ...stated(card, 'authentication', request), kazashi };
      },
      'SIGNATURE',
    ],
    [
      'a chip that answered another request',
      () => {
        const { kazashi } = stated(card, 'authentication', requestFor(), { kazashi: true });
        return { ...stated(card, 'authentication', request, { kazashi: true }), kazashi };
      },
      'KAZASHI',
    ],
    [
      'a forged record',
      () => {
        const { kazashi, ...rest } = stated(card, 'signature', request, { kazashi: true });
        const record = kazashi!.record.with(10, kazashi!.record[10]! ^ 1);
        return { ...rest, kazashi: { ...kazashi!, record } };
      },
      'KAZASHI',
    ],
  ])('%s', async (_, make, code) => {
    expect(await outcome(request, make())).toBe(`ERR_STATEMENT_${code}`);
  });

  test('a request that has expired', async () => {
    const late = requestFor({ issuedAt: NOW - 2000, expiresAt: NOW - 1 });
    const statement = stated(card, 'authentication', late);
    expect(await outcome(late, statement)).toBe('ERR_STATEMENT_EXPIRED');
  });

  test.each([
    ['expired', 'ERR_STATEMENT_CERTIFICATE_EXPIRED'],
    ['not-yet-valid', 'ERR_STATEMENT_CERTIFICATE'],
    ['other-ca', 'ERR_STATEMENT_CERTIFICATE'],
    ['test-card', 'ERR_STATEMENT_CERTIFICATE'],
    ['clone', 'ERR_STATEMENT_SIGNATURE'],
    ['revoked', 'ERR_STATEMENT_REVOKED'],
  ] as const)('a card that is %s', async (scenario, code) => {
    const one = await plastic({ scenario });
    expect(await outcome(request, stated(one, 'authentication', request))).toBe(code);
  });

  test('a chip, where the console links none', async () => {
    const known = await deps();
    const statement = stated(card, 'authentication', request, { kazashi: true });
    const without = { ...known, jlis: { ...known.jlis, surfaceCa: undefined } };
    await expect(verifyStatement(without, request, statement, NOW)).rejects.toMatchObject({
      code: 'ERR_STATEMENT_KAZASHI',
    });
  });

  test('a signature certificate that was revoked', async () => {
    const one = await plastic();
    const { serial } = parseCertificate(stated(one, 'signature', request).certificate);
    await (await SignatureCa.open(jlis.files)).revoke(toHex(serial));
    const statement = stated(one, 'signature', request);
    expect(await outcome(request, statement)).toBe('ERR_STATEMENT_REVOKED');
    expect(await outcome(request, stated(one, 'authentication', request))).toBe('ok');
  });

  test('a card whose other certificate is revoked or on hold', async () => {
    const one = await plastic();
    const { serial } = parseCertificate(certificateOf(one));
    await (await Jlis.open(directory)).revoke(toHex(serial), 6);
    const statement = stated(one, 'signature', request);
    expect(await outcome(request, statement)).toBe('ERR_STATEMENT_REVOKED');
  });

  test('a list that is of two days ago', async () => {
    const now = NOW + 2 * DAY_MS;
    const later = requestFor({ issuedAt: now, expiresAt: now + 1000 });
    const statement = stated(card, 'authentication', later);
    troubles.length = 0;
    expect(await outcome(later, statement, now)).toBe('ERR_STATEMENT_REVOCATION_UNKNOWN');
    expect(troubles).toEqual(['jpki-auth stale']);
  });
});

describe('what J-LIS says of serial numbers', () => {
  const request = requestFor();

  test('a renewed card: the certificate that it has now', async () => {
    const one = await plastic();
    const old = certificateOf(one);
    const { publicKeyPem } = await newRsaKey();
    const jlisNow = await Jlis.open(directory);
    const renewed = await jlisNow.renew(toHex(parseCertificate(old).serial), publicKeyPem);
    const statement = stated(one, 'signature', request);
    const { holder } = await verifyStatement(await deps(), request, statement, NOW);
    expect(holder).toEqual({ certificate: base64(renewed.der) });
    const shown = stated(one, 'signature', request, { shows: old });
    expect(await outcome(request, shown)).toBe('ERR_STATEMENT_LINK_OTHER');
  });

  test('a card whose signature certificate is linked to none', async () => {
    const one = await plastic({ scenario: 'no-certificate' });
    const statement = stated(one, 'signature', request);
    expect(await outcome(request, statement)).toBe('ERR_STATEMENT_LINK_UNKNOWN');
  });

  test('a link to another issuer', async () => {
    const link = { link: async () => ({ serial: '01', issuer: 'elsewhere' }) };
    const statement = stated(card, 'signature', request);
    const found = verifyStatement({ ...(await deps()), link }, request, statement, NOW);
    await expect(found).rejects.toMatchObject({ code: 'ERR_STATEMENT_LINK_UNKNOWN' });
  });

  test.each(LINK_FAULTS)('an answer with a fault: %s', async (fault) => {
    server.linkFault(fault);
    try {
      const statement = stated(card, 'signature', request);
      expect(await outcome(request, statement)).toBe('ERR_STATEMENT_LINK_UNREACHABLE');
    } finally {
      server.linkFault(undefined);
    }
  });

  test('nobody answers', async () => {
    const gone = await startJlisServer(directory);
    const known = openCards(
      { ...(await configOf(gone.url)) },
      { now: () => NOW, random: randomBytes, onTrouble: () => {} },
    );
    await gone.close();
    const wanted = known.link.link({ serial: '01', issuer: 'jpki-sign' });
    await expect(wanted).rejects.toMatchObject({ code: 'ERR_STATEMENT_LINK_UNREACHABLE' });
  });

  async function configOf(url: string) {
    const path = join(directory, 'gone.toml');
    const rest = '[listen]\nport = 0\n[store]\ndirectory = "s"\n[bundle]\ndirectory = "b"\n';
    writeFileSync(path, rest + jlisToml(directory, url));
    return (await readConsoleConfig(path)).jlis!;
  }
});

describe('requests and statements, as routes have them', () => {
  const consoleId = async () => 'ab'.repeat(16);
  const about = {
    origin: 'https://console.example.jp',
    purpose: 'purchase',
    subject: 'A-7',
    eventId: 'e0'.repeat(16),
    lines: ['two tickets'],
  } as const;

  test('there and back', async () => {
    const statements = statementsOf(await deps(), { consoleId, random: randomBytes });
    const request = await statements.request(about, { now: NOW, expiresAt: NOW + 1000 });
    const json: unknown = JSON.parse(formatCardStatement(stated(card, 'signature', request)));
    expect(await statements.verify(request, json, NOW)).toMatchObject({ method: 'signature' });
    const again = await statements.request(about, { now: NOW, expiresAt: NOW + 1000 });
    expect(statementMessage(again, 'signature')).not.toEqual(
      statementMessage(request, 'signature'),
    );
  });

  test('what is no statement is refused as one', async () => {
    const statements = statementsOf(await deps(), { consoleId, random: randomBytes });
    const request = await statements.request(about, { now: NOW, expiresAt: NOW + 1000 });
    await expect(statements.verify(request, { pin: '1234' }, NOW)).rejects.toMatchObject({
      code: 'ERR_STATEMENT_FORM',
    });
  });
});
