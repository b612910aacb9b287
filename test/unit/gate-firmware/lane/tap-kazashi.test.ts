import { toHex, utf8 } from '@pinless-gate/protocol/bytes';
import type { KazashiPin } from '@pinless-gate/protocol/kazashi/surface';
import type { SeatRecord } from '@pinless-gate/protocol/record';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../../sandbox/card/fault.ts';
import { type NewCard, type NewCardOptions, newCard } from '../../../sandbox/jlis/new-card.ts';
import { answer, STAGE_TIMEOUT_MS } from '../stage.ts';
import { forFile } from '../temporary.ts';
import { kazashiOnly, pinOf } from './linked.ts';
import { type Material, makeMaterial } from './rig.ts';
import { outcomeOf, pinned, rigFor, tapOn } from './taps.ts';

const BIRTH_DATE = '19800217';
let material: Material;
let card: NewCard;
let pin: KazashiPin;

const issue = (options: NewCardOptions) => newCard(material.stage.jlis, options);

beforeAll(async () => {
  material = await makeMaterial(forFile());
  card = await issue({ birthDate: BIRTH_DATE });
  pin = await pinOf(material.stage, card);
}, STAGE_TIMEOUT_MS);

/** A lane without an institution key, whose list has the card as it was linked. */
async function laneFor(one: NewCard, record: Partial<SeatRecord> = {}, pinnedTap = false) {
  const profiles = await kazashiOnly(material.stage, pinnedTap);
  return rigFor(material, one, record, { profiles });
}

/** Taps and gives outcome, commands by instruction, and the references that were presented. */
async function tapped(
  listed: NewCard,
  held: NewCard,
  record: Partial<SeatRecord>,
  { faults, pinnedTap }: { faults?: readonly Fault[]; pinnedTap?: boolean } = {},
) {
  const presented: string[] = [];
  const sent: string[] = [];
  const watch = (command: Uint8Array) => {
    sent.push(toHex(command));
    if (command[1] === 0x20 && command.length > 4) presented.push(toHex(command));
  };
  const rig = await laneFor(listed, record, pinnedTap);
  const result = await tapOn(rig, held, { watch, ...(faults && { faults }) });
  return { outcome: outcomeOf(result), presented, sent, result };
}

const SELECT_SURFACE = '00a4040c0ad3921000310001010402';
const PRESENTED = `0020009106${toHex(utf8('550217'))}`;

describe('tap by kazashi admits', () => {
  test('the linked card, by the dialogue of kazashi-facts', async () => {
    const { outcome, sent, result } = await tapped(card, card, { kazashi: pin });
    expect([outcome, result.profile]).toEqual(['admitted', 'kazashi']);
    const surface = sent.slice(sent.indexOf(SELECT_SURFACE));
    expect(surface.slice(0, 9)).toEqual([
      SELECT_SURFACE,
      '00200091',
      PRESENTED,
      '00b0810000',
      '00b0010000',
      '00b0020023',
      '00b0840000',
      '00b0010000',
      '00b0020038',
    ]);
    expect(surface).toHaveLength(10);
    expect(surface[9]).toMatch(/^802a0000333031300d060960864801650304020105000420[0-9a-f]{64}00$/);
    expect(Object.keys(result.steps)).toEqual([
      'identify',
      'head',
      'convert',
      'lookup',
      'unseal',
      'read',
      'surface',
      'sign',
      'decide',
      'journal',
    ]);
  });

  test('a card whose certificate was pinned too', async () => {
    const record = { kazashi: pin, ...pinned(card) };
    expect((await tapped(card, card, record)).outcome).toBe('admitted');
  });

  test('once', async () => {
    const rig = await laneFor(card, { kazashi: pin });
    expect(outcomeOf(await tapOn(rig, card))).toBe('admitted');
    expect(outcomeOf(await tapOn(rig, card))).toBe('already-admitted');
  });

  test('a pinned tap: no birth date, no records', async () => {
    const { outcome, presented, sent } = await tapped(
      card,
      card,
      { kazashi: pin },
      { pinnedTap: true },
    );
    expect(outcome).toBe('admitted');
    expect(presented).toEqual([]);
    expect(sent.slice(-2)[0]).toBe(SELECT_SURFACE);
    expect(sent.filter((command) => command.startsWith('00b081'))).toEqual([]);
  });
});

describe('tap by kazashi refuses', () => {
  test.each(['19800217', '19800218'])(
    'certificate of one card, surface application of another, born %s',
    async (birthDate) => {
      const mixed = await issue({ scenario: 'mixed', victim: card.file, birthDate });
      for (const pinnedTap of [false, true]) {
        const { outcome } = await tapped(card, mixed, { kazashi: pin }, { pinnedTap });
        expect(outcome).toBe(pinnedTap ? 'card-not-authentic' : 'surface-mismatch');
      }
    },
  );

  test('a genuine card of the same birthday behind somebody’s certificate, without an emulator', async () => {
    const other = await issue({ scenario: 'clone', victim: card.file, birthDate: BIRTH_DATE });
    expect((await tapped(card, other, { kazashi: pin })).outcome).toBe('surface-mismatch');
  });

  test('a copied record before another key', async () => {
    if (card.file.profile !== 'jpki' || !card.file.surface) throw new Error('no surface');
    const own = await issue({ birthDate: BIRTH_DATE });
    if (own.file.profile !== 'jpki' || !own.file.surface) throw new Error('no surface');
    const { privateKeyPem } = own.file.surface;
    const file = { ...card.file, surface: { ...card.file.surface, privateKeyPem } };
    const { outcome } = await tapped(card, { ...card, file }, { kazashi: pin });
    expect(outcome).toBe('card-not-authentic');
  });

  test(
    'a record of another J-LIS',
    async () => {
      const elsewhere = await makeMaterial(forFile());
      const foreign = await newCard(elsewhere.stage.jlis, { birthDate: BIRTH_DATE });
      if (card.file.profile !== 'jpki' || foreign.file.profile !== 'jpki') throw new Error('jpki');
      const file = { ...card.file, surface: foreign.file.surface };
      const { outcome } = await tapped(card, { ...card, file }, { kazashi: pin });
      expect(outcome).toBe('surface-mismatch');
    },
    STAGE_TIMEOUT_MS,
  );

  test('a listed card that was not linked, before its surface application is selected', async () => {
    const { outcome, sent } = await tapped(card, card, {});
    expect(outcome).toBe('card-not-linked');
    expect(sent.some((command) => command.includes('d3921000310001010402'))).toBe(false);
  });

  test('a pinned tap of a record without the modulus', async () => {
    const { modulus: _, ...without } = pin;
    const { outcome } = await tapped(card, card, { kazashi: without }, { pinnedTap: true });
    expect(outcome).toBe('card-not-linked');
  });

  test('a stranger, who is never asked for a birth date', async () => {
    const stranger = await issue({ birthDate: BIRTH_DATE });
    const { outcome, sent } = await tapped(card, stranger, { kazashi: pin });
    expect(outcome).toBe('not-listed');
    expect(sent.some((command) => command.startsWith('0020'))).toBe(false);
  });

  test.each<[NewCardOptions['scenario'] & string, string]>([
    ['expired', 'certificate-expired'],
    ['not-yet-valid', 'certificate-not-yet-valid'],
    ['other-ca', 'certificate-not-trusted'],
  ])('a card "%s", whose certificate is not worth a birth date', async (scenario, reason) => {
    const one = await issue({ scenario, birthDate: BIRTH_DATE });
    const { outcome, sent } = await tapped(one, one, { kazashi: pin });
    expect(outcome).toBe(reason);
    expect(sent.some((command) => command.startsWith('0020'))).toBe(false);
  });

  test('another certificate than the pinned one', async () => {
    const other = await issue({});
    const { outcome, presented } = await tapped(card, card, { kazashi: pin, ...pinned(other) });
    expect([outcome, presented]).toEqual(['certificate-not-trusted', []]);
  });

  test('a reference that the card does not accept, sent once', async () => {
    const wrong = { ...pin, reference: '000000' };
    const { outcome, presented } = await tapped(card, card, { kazashi: wrong });
    expect(outcome).toBe('birth-date-refused');
    expect(presented).toEqual([`0020009106${toHex(utf8('000000'))}`]);
  });

  test.each([
    [10, 'admitted', 1],
    [3, 'admitted', 1],
    [2, 'birth-date-few-tries', 0],
    [1, 'birth-date-few-tries', 0],
    [0, 'card-blocked', 0],
  ])('%i tries left: %s', async (triesLeft, outcome, times) => {
    if (card.file.profile !== 'jpki' || !card.file.surface) throw new Error('no surface');
    const file = { ...card.file, surface: { ...card.file.surface, triesLeft } };
    const result = await tapped(card, { ...card, file }, { kazashi: pin });
    expect([result.outcome, result.presented.length]).toEqual([outcome, times]);
  });

  test.each<[string, Fault, string, number]>([
    ['6984 to the query', answer('query-tries', '6984'), 'card-blocked', 0],
    ['6983 to the query', answer('query-tries', '6983'), 'card-blocked', 0],
    ['9000 to the query', answer('query-tries', '9000'), 'card-fault', 0],
    ['6300 to the query', answer('query-tries', '6300'), 'card-fault', 0],
    ['6A88 to the query', answer('query-tries', '6a88'), 'card-fault', 0],
    ['no surface application', answer('select', '6a82', 2), 'unknown-card', 0],
    ['6F00 to SELECT', answer('select', '6f00', 2), 'card-fault', 0],
    ['6984 to VERIFY', answer('verify-birth-date', '6984'), 'card-blocked', 1],
    ['63C9 to VERIFY', answer('verify-birth-date', '63c9'), 'birth-date-refused', 1],
    ['6C06 to VERIFY', answer('verify-birth-date', '6c06'), 'birth-date-refused', 1],
    ['6982 at the record', answer('read-surface', '6982', 1), 'card-fault', 1],
    ['6982 at the signer', answer('read-surface', '6982', 4), 'card-fault', 1],
    ['a record cut short', answer('read-surface', '009000', 3), 'card-fault', 1],
    ['nothing of the signer', answer('read-surface', '9000', 6), 'card-fault', 1],
    ['a signature of zeros', answer('sign', `${'00'.repeat(256)}9000`), 'card-not-authentic', 1],
    ['6985 at the signature', answer('sign', '6985'), 'card-fault', 1],
  ])('%s', async (_, fault, outcome, times) => {
    const result = await tapped(card, card, { kazashi: pin }, { faults: [fault] });
    expect([result.outcome, result.presented.length]).toEqual([outcome, times]);
  });

  test.each([
    ['phone', 'phone'],
    ['iphone', 'phone'],
    ['no-certificate', 'no-certificate'],
    ['old', 'old-card'],
    ['foreign', 'unknown-card'],
  ] as const)('a card "%s": %s', async (scenario, reason) => {
    const one = await issue({ scenario, birthDate: BIRTH_DATE });
    const { outcome, sent } = await tapped(card, one, { kazashi: pin });
    expect(outcome).toBe(reason);
    expect(sent.some((command) => command.startsWith('0020'))).toBe(false);
  });
});
