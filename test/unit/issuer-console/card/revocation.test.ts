import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { IssuerConfig } from '@pinless-gate/issuer-console/card/config';
import { revocationOf } from '@pinless-gate/issuer-console/card/revocation';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { derOf } from '@pinless-gate/protocol/pem';
import type { Card, Issuer } from '@pinless-gate/whitelist-builder/validity/issuer';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Jlis } from '../../../sandbox/jlis/jlis.ts';
import { newCard } from '../../../sandbox/jlis/new-card.ts';
import { type JlisServer, startJlisServer } from '../../../sandbox/jlis/server.ts';
import { forFile } from '../../gate-firmware/temporary.ts';

const HOUR_MS = 3_600_000;
const DAY_S = 86_400;
let jlis: Jlis;
let server: JlisServer;
let issuer: Issuer;
let good: Card;
let revoked: Card;
let held: Card;
/** After every list and before any of them ends. */
let now: number;
let troubles: string[] = [];

const file = (name: string) => join(jlis.files.directory, name);

async function card(): Promise<Card> {
  const { file: made } = await newCard(jlis);
  const der = derOf(Buffer.from(made.certificatePem!), 'CERTIFICATE');
  const verdict = verifyUserCertificate(der, issuer.generations, Date.now());
  if (!verdict.ok) throw new Error(verdict.reason);
  const { certificate } = verdict;
  return { issuer, issuerName: issuer.nameDer, serial: certificate.serial, certificate };
}

const hex = ({ serial }: Card) => Buffer.from(serial).toString('hex');
const bySerial = ({ certificate: _, ...rest }: Card): Card => rest;

beforeAll(async () => {
  jlis = await Jlis.create(forFile());
  const der = derOf(await jlis.files.octets('ca.pem'), 'CERTIFICATE');
  const generations = trustAnchors([der]);
  issuer = { name: 'jpki-auth', nameDer: generations[0]!.certificate.subject.encoded, generations };
  [good, revoked, held] = [await card(), await card(), await card()];
  await jlis.revoke(hex(revoked));
  await jlis.revoke(hex(held), 6);
  server = await startJlisServer(jlis.files.directory);
  now = Date.now() + 60_000;
}, 60_000);
afterAll(() => server.close());
beforeEach(() => {
  troubles = [];
  server.fault(undefined);
});

const asked = (config: Partial<IssuerConfig>, maxAgeS = DAY_S) =>
  revocationOf([{ issuer, crls: [], responder: undefined, ...config }], {
    maxAgeS,
    onTrouble: (name, code) => troubles.push(`${name} ${code}`),
  });

const status = async (revocation: ReturnType<typeof asked>, one: Card, at = now) =>
  (await revocation.of(one, at)).status;

describe('by lists', () => {
  test.each(['file', 'address'])('from a %s', async (kind) => {
    const where = kind === 'file' ? file('crl.der') : `${server.url}crl.der`;
    const revocation = asked({ crls: [where] });
    const all = [good, revoked, held, bySerial(good), bySerial(revoked)];
    expect(await Promise.all(all.map((one) => status(revocation, one)))).toEqual([
      'good',
      'revoked',
      'revoked',
      'good',
      'revoked',
    ]);
  });

  test('an issuer that is not configured is not known', async () => {
    const other = { ...good, issuer: { ...issuer, name: 'others' } };
    expect(await status(asked({ crls: [file('crl.der')] }), other)).toBe('unknown');
  });

  test('a list is looked at again after ten seconds, and not sooner', async () => {
    const copy = file('copy.der');
    writeFileSync(copy, readFileSync(file('crl.der')));
    const revocation = asked({ crls: [copy] });
    const one = await card();
    expect(await status(revocation, one)).toBe('good');
    await (await Jlis.open(jlis.files.directory)).revoke(hex(one));
    writeFileSync(copy, readFileSync(file('crl.der')));
    expect(await status(revocation, one, now + 9000)).toBe('good');
    expect(await status(revocation, one, now + 10_000)).toBe('revoked');
  });

  test('one that cannot be had any more counts while it is fresh, and no longer', async () => {
    const copy = file('kept.der');
    writeFileSync(copy, readFileSync(file('crl.der')));
    const revocation = asked({ crls: [copy] });
    expect(await status(revocation, good)).toBe('good');
    writeFileSync(copy, 'damaged');
    expect(await status(revocation, good, now + HOUR_MS)).toBe('good');
    expect(troubles).toEqual(['jpki-auth malformed']);
    expect(await status(revocation, good, now + 25 * HOUR_MS)).toBe('unknown');
  });

  test.each<[string, () => Partial<IssuerConfig>, number, string]>([
    ['that is not there', () => ({ crls: [file('none.der')] }), DAY_S, 'ERR_SOURCE_FILE'],
    [
      'nobody answers for',
      () => ({ crls: ['http://127.0.0.1:1/'] }),
      DAY_S,
      'ERR_SOURCE_UNREACHABLE',
    ],
    ['that is older than is allowed', () => ({ crls: [file('crl.der')] }), 1, 'too-old'],
    ['that is none', () => ({ crls: [file('ca.pem')] }), DAY_S, 'malformed'],
  ])('one %s proves nothing', async (_, config, maxAgeS, code) => {
    expect(await status(asked(config(), maxAgeS), good)).toBe('unknown');
    expect(troubles).toEqual([`jpki-auth ${code}`]);
  });
});

test('a list that does not come holds nobody up for long', async () => {
  const silent = createServer(() => {});
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const options = { maxAgeS: DAY_S, waitMs: 20, onTrouble: () => {} };
  const never = `http://127.0.0.1:${port}/crl.der`;
  const config = { issuer, responder: undefined };
  expect(await status(revocationOf([{ ...config, crls: [never] }], options), good)).toBe('unknown');
  const besides = revocationOf([{ ...config, crls: [never, file('crl.der')] }], options);
  expect(await status(besides, good)).toBe('good');
  silent.closeAllConnections();
  silent.close();
});

describe('by a responder', () => {
  const responder = () => asked({ responder: server.url });

  test('good, revoked, on hold', async () => {
    const all = [good, revoked, held, bySerial(good)];
    const found = await Promise.all(all.map((one) => status(responder(), one)));
    expect(found).toEqual(['good', 'revoked', 'revoked', 'good']);
  });

  test.each(['stale', 'unknown', 'other-nonce', 'bad-signature', 'truncated'] as const)(
    'that answers wrongly: %s',
    async (fault) => {
      server.fault(fault);
      expect(await status(responder(), good)).toBe('unknown');
    },
  );

  test('that is not there', async () => {
    expect(await status(asked({ responder: 'http://127.0.0.1:1/' }), good)).toBe('unknown');
  });
});

test('by both: either says revoked', async () => {
  const stale = file('before.der');
  writeFileSync(stale, readFileSync(file('crl.der')));
  const one = await card();
  const both = () => asked({ crls: [stale], responder: server.url });
  expect(await status(both(), one)).toBe('good');
  await (await Jlis.open(jlis.files.directory)).revoke(hex(one));
  expect(await status(both(), one)).toBe('revoked');
  expect(await status(asked({ crls: [file('crl.der')], responder: server.url }), revoked)).toBe(
    'revoked',
  );
});
