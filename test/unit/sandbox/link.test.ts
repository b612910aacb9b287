import { toHex } from '@pinless-gate/protocol/bytes';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import type { LinkTrust } from '@pinless-gate/protocol/kazashi/link';
import { modulusHash, surfaceKey } from '@pinless-gate/protocol/kazashi/surface-record';
import { derOf } from '@pinless-gate/protocol/pem';
import { surfaceCa } from '@pinless-gate/runtime/surface-ca';
import { beforeAll, describe, expect, test } from 'vitest';
import type { JpkiCardFile } from '../../sandbox/card/card-file.ts';
import { Jlis } from '../../sandbox/jlis/jlis.ts';
import { type NewCard, newCard } from '../../sandbox/jlis/new-card.ts';
import { printedReference } from '../../sandbox/jlis/surface-ca.ts';
import { linkCardFile, linkedHolder } from '../../sandbox/link.ts';
import { forFile } from '../gate-firmware/temporary.ts';

const BIRTH_DATE = '19800217';
let jlis: Jlis;
let trust: LinkTrust;
let card: NewCard & { file: JpkiCardFile };
let other: NewCard & { file: JpkiCardFile };

const code = (expected: string) => expect.objectContaining({ code: expected });

async function plastic(options: Parameters<typeof newCard>[1]) {
  const one = await newCard(jlis, options);
  if (one.file.profile !== 'jpki') throw new Error('not a plastic card');
  return { ...one, file: one.file };
}

beforeAll(async () => {
  jlis = await Jlis.create(forFile());
  const { files } = jlis;
  trust = {
    anchors: trustAnchors([derOf(await files.octets('ca.pem'), 'CERTIFICATE')]),
    ca: surfaceCa(await files.octets('surface-ca.json'), 'surface-ca.json'),
    at: Date.now(),
  };
  card = await plastic({ birthDate: BIRTH_DATE });
  other = await plastic({ birthDate: BIRTH_DATE });
}, 60_000);

describe('linkCardFile', () => {
  test('certificate, reference and key of the card', async () => {
    const { certificate, kazashi } = await linkCardFile(card.file, {
      ...trust,
      birthDate: BIRTH_DATE,
    });
    expect(toHex(certificate.serial)).toBe(card.serial!.replace(/^(00)+/, ''));
    expect(kazashi).toMatchObject({ reference: '550217', birthDate: BIRTH_DATE });
    expect(modulusHash(surfaceKey(kazashi.modulus!))).toEqual(kazashi.modulusHash);
  });

  test('as a holder of the feed, the modulus only where it is wanted', async () => {
    const link = await linkCardFile(card.file, trust);
    expect(Object.keys(linkedHolder(link).kazashi)).not.toContain('modulus');
    expect(linkedHolder(link, true).kazashi.modulus).toMatch(/^[A-Za-z0-9+/]{342}==$/);
  });

  test.each<[string, object, string]>([
    ['a wrong PIN', { pin: '9999' }, 'ERR_LINK_PIN'],
    ['a reference in Gregorian years', { reference: '800217' }, 'ERR_CARD_REFUSED'],
    ['a birth date that is known to be another', { birthDate: '19800218' }, 'ERR_LINK_BIRTH_DATE'],
    ['another day', { at: 0 }, 'ERR_LINK_CERTIFICATE'],
  ])('%s', async (_, change, expected) => {
    await expect(linkCardFile(card.file, { ...trust, ...change })).rejects.toThrow(code(expected));
  });

  test.each<[string, (file: JpkiCardFile) => object, string]>([
    [
      'few tries for the birth date',
      ({ surface }) => ({ surface: { ...surface, triesLeft: 2 } }),
      'ERR_CARD_REFUSED',
    ],
    ['no surface application', () => ({ surface: undefined }), 'ERR_LINK_CARD'],
    [
      'the key of another chip',
      ({ surface }) => ({
        surface: { ...surface, privateKeyPem: other.file.surface!.privateKeyPem },
      }),
      'ERR_LINK_CHIP',
    ],
    [
      'the key of another holder',
      () => ({ privateKeyPem: other.file.privateKeyPem }),
      'ERR_LINK_HOLDER',
    ],
    [
      'the certificate of another',
      () => ({ certificatePem: other.file.certificatePem }),
      'ERR_LINK_HOLDER',
    ],
    [
      'a record that no municipality signed',
      ({ surface }) => ({ surface: { ...surface, record: flipped(surface!.record) } }),
      'ERR_SURFACE_SIGNATURE',
    ],
  ])('a card with %s', async (_, change, expected) => {
    const file = { ...card.file, ...change(card.file) } as JpkiCardFile;
    await expect(async () => linkCardFile(file, trust)).rejects.toThrow(code(expected));
  });

  test('a card of the other profile', async () => {
    const { file } = await newCard(jlis, { profile: 'iso' });
    await expect(async () => linkCardFile(file, trust)).rejects.toThrow(code('ERR_LINK_CARD'));
  });
});

describe('printedReference', () => {
  test.each([
    ['19800217', '550217'],
    ['19890107', '640107'],
    ['19890108', '010108'],
    ['20190430', '310430'],
    ['20190501', '010501'],
    ['19261225', '011225'],
    ['19261224', '151224'],
  ])('%s is %s', (birthDate, digits) => expect(printedReference(birthDate)).toBe(digits));
});

/** The last octet, which is the signature's, changed. */
function flipped(base64: string): string {
  const octets = Buffer.from(base64, 'base64');
  octets[octets.length - 1]! ^= 1;
  return octets.toString('base64');
}
