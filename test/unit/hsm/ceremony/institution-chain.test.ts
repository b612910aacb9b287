import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  checkJpkiChain,
  checkTr03110Chain,
  type HandedCvc,
} from '@pinless-gate/hsm/ceremony/institution-chain';
import { institutionStatus } from '@pinless-gate/hsm/ceremony/institution-status';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { decodeJpkiCvc, encodeJpkiCvc, encodeJpkiCvcBody } from '@pinless-gate/protocol/cvc/jpki';
import type { CvCertificate } from '@pinless-gate/protocol/cvc/tr03110';
import { type RsaPublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';
import { describe, expect, test } from 'vitest';
import {
  anchor,
  chain,
  cvca,
  day,
  dv,
  dvBody,
  issue,
  NOON,
  root,
  rsa,
  terminalBody,
} from '../../protocol/cvc/authority.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const own = rsa.key.key as RsaPublicKey;

interface Party {
  readonly id: Uint8Array;
  readonly key: RsaPublicKey;
  readonly privateKey: KeyObject;
}

function jpkiParty(number: string): Party {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = readPublicKey(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })));
  const id = fromHex(`${Buffer.from(number).toString('hex')}080530303100000000`);
  return { id, key: key as RsaPublicKey, privateKey };
}

const ca = jpkiParty('9900001');
const between = jpkiParty('9900002');
const institution: Party = { id: jpkiParty('9910001').id, key: own, privateKey: rsa.privateKey };
const cvc = (name: string, issuer: Party, subject: Party): HandedCvc => {
  const body = encodeJpkiCvcBody({
    issuerKeyId: issuer.id,
    subjectKeyId: subject.id,
    publicKey: subject.key,
  });
  return { name, encoded: encodeJpkiCvc(body, sign('sha256', body, issuer.privateKey)) };
};
const jpkiAnchor = { keyId: ca.id, publicKey: ca.key };
const first = cvc('intermediate.cvc', ca, between);
const last = cvc('institution.cvc', between, institution);

describe('checkJpkiChain', () => {
  test('from the anchor down to the key in the token', () => {
    expect(checkJpkiChain([jpkiAnchor], [first, last], own)).toEqual({ holder: '9910001' });
  });

  const stranger = { ...ca, ...jpkiParty('9900001') };
  test.each<[string, () => unknown, string]>([
    [
      'out of order',
      () => checkJpkiChain([jpkiAnchor], [last, first], own),
      'ERR_INSTITUTION_ORDER',
    ],
    [
      'the one between left out',
      () => checkJpkiChain([jpkiAnchor], [last], own),
      'ERR_INSTITUTION_ANCHOR',
    ],
    ['the last left out', () => checkJpkiChain([jpkiAnchor], [first], own), 'ERR_INSTITUTION_KEY'],
    [
      'another anchor',
      () => checkJpkiChain([{ ...jpkiAnchor, keyId: between.id }], [first, last], own),
      'ERR_INSTITUTION_ORDER',
    ],
    ['no anchor', () => checkJpkiChain([], [first, last], own), 'ERR_INSTITUTION_ANCHOR'],
    [
      'another anchor of the same name',
      () => checkJpkiChain([{ keyId: ca.id, publicKey: stranger.key }], [first, last], own),
      'ERR_INSTITUTION_ANCHOR',
    ],
    [
      'not signed by the one above',
      () =>
        checkJpkiChain(
          [jpkiAnchor],
          [first, cvc('x.cvc', { ...between, privateKey: ca.privateKey }, institution)],
          own,
        ),
      'ERR_CVC_SIGNATURE',
    ],
    [
      'of another chain',
      () =>
        checkJpkiChain(
          [jpkiAnchor],
          [first, cvc('x.cvc', { ...between, id: jpkiParty('9900003').id }, institution)],
          own,
        ),
      'ERR_INSTITUTION_GAP',
    ],
    [
      'of another key',
      () => checkJpkiChain([jpkiAnchor], [first, last], between.key),
      'ERR_INSTITUTION_ORDER',
    ],
    [
      'of a key that is nowhere in it',
      () => checkJpkiChain([jpkiAnchor], [first, last], jpkiParty('9910002').key),
      'ERR_INSTITUTION_KEY',
    ],
    [
      'under the institution',
      () =>
        checkJpkiChain(
          [jpkiAnchor],
          [first, last, cvc('y.cvc', institution, jpkiParty('9910003'))],
          own,
        ),
      'ERR_INSTITUTION_ORDER',
    ],
  ])('%s', (_, act, expected) => {
    expect(act).toThrow(code(expected));
  });
});

describe('checkTr03110Chain', () => {
  const handed = (...certificates: readonly CvCertificate[]) =>
    certificates.map(({ encoded }, i) => ({ name: `${i}.cvcert`, encoded }));
  const at = (certificates: readonly CvCertificate[], when = NOON, key = own) =>
    checkTr03110Chain([anchor], handed(...certificates), key, when);
  const [dvCertificate, terminal] = chain as [CvCertificate, CvCertificate];

  test('from the anchor down; the first to expire decides', () => {
    const early = issue({ ...terminalBody, expiry: day('2026-12-25') }, dv);
    expect(at(chain)).toEqual({ holder: 'JPGATETERM00001', expiry: day('2026-12-31') });
    expect(at([dvCertificate, early]).expiry).toBe(day('2026-12-25'));
  });

  test.each<[string, () => unknown, string]>([
    ['the day after the last', () => at(chain, day('2027-01-01')), 'ERR_CVC_EXPIRED'],
    [
      'the day before the first',
      () => at(chain, day('2026-01-01') - 1),
      'ERR_CVC_NOT_YET_EFFECTIVE',
    ],
    ['out of order', () => at([terminal, dvCertificate]), 'ERR_INSTITUTION_ORDER'],
    ['the anchor again', () => at([root]), 'ERR_CVC_ROLE'],
    ['no terminal', () => at([dvCertificate]), 'ERR_CVC_ROLE'],
    ['of another key', () => at(chain, NOON, ca.key), 'ERR_INSTITUTION_KEY'],
    [
      'under another CVCA of the same name',
      () => at([issue(dvBody, dv), terminal]),
      'ERR_INSTITUTION_ANCHOR',
    ],
    [
      'not signed by the verifier',
      () => at([dvCertificate, issue(terminalBody, cvca)]),
      'ERR_CVC_SIGNATURE',
    ],
  ])('%s', (_, act, expected) => {
    expect(act).toThrow(code(expected));
  });
});

describe('institutionStatus', () => {
  const tr03110 = { layout: 'tr03110' as const, chain: chain.map(({ encoded }) => encoded) };
  const jpki = { layout: 'jpki' as const, chain: [first.encoded, last.encoded] };

  test('days that are left, to the last one', () => {
    const on = (text: string) => institutionStatus(tr03110, own.spki, 1000 * day(text));
    expect(on('2026-12-01')).toMatchObject({ fits: true, expiry: '2026-12-31', daysLeft: 30 });
    expect(on('2026-12-31')).toMatchObject({ daysLeft: 0 });
    expect(on('2026-12-31').problem).toBeUndefined();
    expect(on('2027-01-01')).toMatchObject({ problem: { code: 'ERR_CVC_EXPIRED' } });
  });

  test('no dates in the layout of JPKI', () => {
    const status = institutionStatus(jpki, own.spki, 0);
    expect(status).toEqual({ layout: 'jpki', holder: '9910001', fits: true });
  });

  test('of another key, and of none', () => {
    for (const spki of [ca.key.spki, undefined]) {
      for (const installed of [jpki, tr03110]) {
        expect(institutionStatus(installed, spki, 1000 * NOON)).toMatchObject({
          fits: false,
          problem: { code: 'ERR_INSTITUTION_KEY' },
        });
      }
    }
  });

  test('a file that is not there', () => {
    const missing = { ...jpki, chain: [first.encoded], unreadable: 'institution.cvc' };
    expect(institutionStatus(missing, own.spki, 0)).toMatchObject({
      fits: false,
      problem: { code: 'ERR_INSTITUTION_FILE' },
    });
  });

  test('a damaged file', () => {
    const damaged = { ...jpki, chain: [last.encoded.subarray(1)] };
    expect(institutionStatus(damaged, own.spki, 0)).toMatchObject({
      fits: false,
      problem: { code: expect.stringMatching(/^ERR_(CVC|TLV)_/) },
    });
    expect(decodeJpkiCvc(last.encoded).publicKey.bits).toBe(2048);
  });
});
