import { createHash } from 'node:crypto';
import { fromHex, toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { decodeSurfaceRecord } from '@pinless-gate/protocol/kazashi/surface-record';
import { verifyRsaPkcs1 } from '@pinless-gate/protocol/signature';
import { beforeAll, describe, expect, test } from 'vitest';
import { cardFromFile, type JpkiCardFile } from '../../../sandbox/card/card-file.ts';
import type { VirtualCard } from '../../../sandbox/card/virtual-card.ts';
import { Jlis } from '../../../sandbox/jlis/jlis.ts';
import { newCard } from '../../../sandbox/jlis/new-card.ts';
import { forFile } from '../../gate-firmware/temporary.ts';

const SELECT = '00a4040c0ad3921000310001010402';
const SELECT_JPKI = '00a4040c0ad392f000260100000001';
const RIGHT = '0020009106353530323137';
const WRONG = '0020009106383030323137';
const DIGEST_INFO = '3031300d060960864801650304020105000420';
let file: JpkiCardFile;

beforeAll(async () => {
  const card = await newCard(await Jlis.create(forFile()), { birthDate: '19800217' });
  file = card.file as JpkiCardFile;
}, 60_000);

/** A card with the surface application selected. */
function selected(changes: object = {}): VirtualCard {
  const card = cardFromFile({ ...file, surface: { ...file.surface!, ...changes } });
  expect(send(card, SELECT)).toBe('9000');
  return card;
}

const send = (card: VirtualCard, command: string) =>
  toHex(card.exchange(fromHex(command)).response);

/** Status words of commands in a row. */
const statuses = (card: VirtualCard, ...commands: string[]) =>
  commands.map((command) => send(card, command).slice(-4));

describe('SurfaceApplication (kazashi-facts 1)', () => {
  test('without it, SELECT answers 6A82', () => {
    const { surface: _, ...without } = file;
    expect(send(cardFromFile(without as JpkiCardFile), SELECT)).toBe('6a82');
  });

  test.each([
    ['the record is closed', ['00b0810000'], ['6982']],
    [
      'the record opens',
      [RIGHT, '00b0810000', '00b0010000', '00b0020023'],
      ['9000', '9000', '9000', '9000'],
    ],
    ['the signer is free', ['00b0840000', '00b0010000', '00b0020038'], ['9000', '9000', '9000']],
    ['other files stay closed', [RIGHT, '00b0820000', '00b0850000'], ['9000', '6982', '6982']],
    ['a file that is not there', ['00b0890000'], ['6a82']],
    ['behind the end', ['00b0840000', '00b0030000'], ['9000', '6b00']],
    ['a key is not read', ['00b09a0000'], ['6981']],
    ['no current file', ['00b0000000'], ['6986']],
    ['the query costs nothing', ['00200091', '00200091', '00200091'], ['63ca', '63ca', '63ca']],
    ['a wrong value counts', [WRONG, '00200091'], ['63c9', '63c9']],
    ['a right value fills up', [WRONG, RIGHT, WRONG], ['63c9', '9000', '63c9']],
    ['a wrong value closes', [RIGHT, WRONG, '00b0810000'], ['9000', '63c9', '6982']],
    ['verified already', [RIGHT, '00200091'], ['9000', '9000']],
    [
      'by the current file',
      ['00a4020c020011', '00200080', '0020008006353530323137'],
      ['9000', '63ca', '9000'],
    ],
    [
      'numbers A and B count for themselves',
      ['0020009206353530323137', '00200093', '00200091'],
      ['63c9', '63ca', '63ca'],
    ],
    ['INTERNAL AUTHENTICATE', ['0088009a20'.concat('00'.repeat(32), '00')], ['6985']],
    ['SET SESSION KEY', ['80a200c101ff'], ['66f1']],
    ['an unknown instruction', ['00ff0000'], ['6d00']],
    ['PSO with a P1 that nobody tried', [`802a020020${'00'.repeat(32)}00`], ['6a86']],
  ])('%s', (_, commands, expected) => {
    expect(statuses(selected(), ...commands)).toEqual(expected);
  });

  test('ten wrong values block it for good', () => {
    const card = selected();
    for (let left = 9; left >= 0; left--) expect(send(card, WRONG)).toBe(`63c${left}`);
    expect(statuses(card, RIGHT, '00200091')).toEqual(['6984', '63c0']);
    card.reset();
    expect(statuses(card, SELECT, RIGHT)).toEqual(['9000', '6984']);
  });

  test('what was opened dies with the selection, with the other application and with a reset', () => {
    const card = selected();
    expect(statuses(card, RIGHT, SELECT, '00b0810000')).toEqual(['9000', '9000', '6982']);
    expect(statuses(card, RIGHT, SELECT_JPKI, SELECT, '00b0810000').at(-1)).toBe('6982');
    expect(send(card, RIGHT)).toBe('9000');
    card.reset();
    expect(send(card, '00b0810000')).toBe('6985');
  });

  test('signs for anyone; the key is that of the record', () => {
    const card = selected();
    const message = utf8('anything');
    const hash = createHash('sha256').update(message).digest('hex');
    const answer = send(card, `802a000033${DIGEST_INFO}${hash}00`);
    send(card, RIGHT);
    const parts = ['00b0810000', '00b0010000', '00b0020023'].map((read) => send(card, read));
    const record = decodeSurfaceRecord(fromHex(parts.map((part) => part.slice(0, -4)).join('')));
    expect(record.birthDate).toBe('19800217');
    const signature = fromHex(answer.slice(0, -4));
    expect(verifyRsaPkcs1(record.publicKey, 'sha256', message, signature)).toBe(true);
  });

  test('the JPKI application is as it was, and shut while this one is selected', () => {
    const card = selected();
    expect(send(card, '00b08a0000')).toBe('6a82');
    expect(send(card, SELECT_JPKI)).toBe('9000');
    expect(send(card, '00b08a0000').slice(-4)).toBe('9000');
    expect(send(card, '00200091')).toBe('6a88');
  });

  test('an emulator takes any reference', () => {
    expect(send(selected({ acceptsAnyReference: true }), WRONG)).toBe('9000');
  });
});
