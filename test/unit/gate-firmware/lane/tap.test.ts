import { tap } from '@pinless-gate/gate-firmware/lane/tap';
import { concat, toHex } from '@pinless-gate/protocol/bytes';
import type { SeatRecord } from '@pinless-gate/protocol/record';
import { beforeAll, describe, expect, test } from 'vitest';
import { type NewCard, newCard, type Scenario } from '../../../sandbox/jlis/new-card.ts';
import { EVENT_ID, seatRecord, ticket } from '../fixture.ts';
import { answer, onReader, STAGE_TIMEOUT_MS } from '../stage.ts';
import { forFile } from '../temporary.ts';
import { entryOf, type Material, makeMaterial, makeRig } from './rig.ts';
import { outcomeOf, pinned, rigFor, tapOn } from './taps.ts';

let material: Material;
let card: NewCard;

beforeAll(async () => {
  material = await makeMaterial(forFile());
  card = await newCard(material.stage.jlis);
}, STAGE_TIMEOUT_MS);

const HOUR_S = 3600;
const now = () => Math.floor(Date.now() / 1000);

describe('tap admits', () => {
  test('a card whose key is pinned, without reading the rest of its certificate', async () => {
    const rig = await rigFor(material, card, pinned(card));
    const reader = onReader(card.file);
    const progress: number[] = [];
    const onProgress = (fraction: number) => progress.push(fraction);
    const result = await tap({ ...rig.parts, transmit: reader.transmit, onProgress });
    expect(outcomeOf(result)).toBe('admitted');
    expect(reader.report().steps['read-certificate']!.commands).toBe(1);
    expect(progress).toEqual([0.2, 0.5, 0.9]);
    expect(rig.decisions()).toMatchObject([
      {
        sequence: result.sequence,
        outcome: 'admitted',
        reason: undefined,
        tickets: [{ ticketNo: 'T-1', entry: 1 }],
        code: result.code,
        list: { version: 1, fingerprint: result.list!.passport.fingerprint },
        steps: expect.objectContaining({ sign: result.steps.sign }),
      },
    ]);
    expect(rig.decisions()[0]!.conversionValue).toHaveLength(16);
    expect(rig.journal.ticketState(EVENT_ID, 'T-1')).toMatchObject({
      revision: 1,
      entries: 1,
      inside: true,
      lastEntryAt: result.at,
      last: { sequence: result.sequence, direction: 'in' },
    });
  });

  test('a card whose certificate is read and verified', async () => {
    const rig = await rigFor(material, card);
    const result = await tapOn(rig, card);
    expect(outcomeOf(result)).toBe('admitted');
    expect(Object.keys(result.steps)).toEqual([
      'identify',
      'authenticate',
      'convert',
      'lookup',
      'unseal',
      'read',
      'sign',
      'decide',
      'journal',
    ]);
    expect(result.tapMs).toBeGreaterThan(0);
  });

  test('a card of the next generation', async () => {
    const next = await newCard(material.stage.jlis, { profile: 'iso', key: 'p384' });
    const result = await tapOn(await rigFor(material, next, pinned(next)), next);
    expect([outcomeOf(result), result.profile]).toEqual(['admitted', 'iso']);
  });

  test('once; the same card again is refused', async () => {
    const rig = await rigFor(material, card);
    expect(outcomeOf(await tapOn(rig, card))).toBe('admitted');
    expect(outcomeOf(await tapOn(rig, card))).toBe('already-admitted');
    expect(rig.decisions().map((one) => one.outcome)).toEqual(['admitted', 'refused']);
    expect(rig.journal.ticketState(EVENT_ID, 'T-1')!.entries).toBe(1);
  });

  test('a card’s code is the same at both taps, and of two cards it differs', async () => {
    const rig = await rigFor(material, card);
    const codes = [await tapOn(rig, card), await tapOn(rig, card)].map(({ code }) => code);
    expect(codes[0]).toBe(codes[1]);
    const stranger = await newCard(material.stage.jlis);
    const again = [await tapOn(rig, stranger), await tapOn(rig, stranger)].map(({ code }) => code);
    expect(again[0]).toBe(again[1]);
  });
});

const SCENARIOS: [Scenario, string][] = [
  ['phone', 'phone'],
  ['iphone', 'phone'],
  ['no-certificate', 'no-certificate'],
  ['old', 'old-card'],
  ['test-card', 'test-card'],
  ['foreign', 'unknown-card'],
  ['refuses-terminal', 'terminal-refused'],
  ['wrong-terminal-ca', 'terminal-refused'],
  ['nonsense', 'card-fault'],
  ['expired', 'certificate-expired'],
  ['not-yet-valid', 'certificate-not-yet-valid'],
  ['other-ca', 'certificate-not-trusted'],
  ['clone', 'card-not-authentic'],
];

describe('tap refuses', () => {
  test.each(SCENARIOS)('a card "%s": %s', async (scenario, reason) => {
    const one = await newCard(material.stage.jlis, { scenario });
    const rig =
      one.serial === undefined ? await makeRig(material, []) : await rigFor(material, one);
    const result = await tapOn(rig, one);
    expect([outcomeOf(result), result.fault]).toEqual([reason, undefined]);
    expect(rig.decisions()).toMatchObject([{ outcome: 'refused', reason, tickets: [] }]);
    expect(rig.journal.ticketState(EVENT_ID, 'T-1')).toBeUndefined();
  });

  test.each<[string, Partial<SeatRecord>, string]>([
    ['another gate', { tickets: [ticket('T-1', { seat: { gate: 'A' } })] }, 'wrong-gate'],
    [
      'too early',
      { tickets: [ticket('T-1', { admission: { from: now() + HOUR_S, until: 4e9 } })] },
      'too-early',
    ],
    [
      'too late',
      { tickets: [ticket('T-1', { admission: { from: 0, until: now() - HOUR_S } })] },
      'too-late',
    ],
    ['no entries', { tickets: [ticket('T-1', { entries: 0 })] }, 'already-admitted'],
  ])('%s, and its conversion value is kept', async (_, record, reason) => {
    const rig = await rigFor(material, card, record);
    expect(outcomeOf(await tapOn(rig, card))).toBe(reason);
    expect(rig.decisions()[0]!.conversionValue).toHaveLength(16);
  });

  test('a pinned certificate that has expired since', async () => {
    const rig = await rigFor(material, card, { ...pinned(card), notAfter: now() - 2 });
    expect(outcomeOf(await tapOn(rig, card))).toBe('certificate-expired');
  });

  test('a copy of a card whose key is pinned', async () => {
    const clone = await newCard(material.stage.jlis, { scenario: 'clone', victim: card.file });
    const rig = await rigFor(material, card, pinned(card));
    expect(outcomeOf(await tapOn(rig, clone))).toBe('card-not-authentic');
    expect(outcomeOf(await tapOn(rig, card))).toBe('admitted');
  });

  test('a replay of what the card signed before', async () => {
    const rig = await rigFor(material, card, pinned(card));
    const heard: Uint8Array[] = [];
    const reader = onReader(card.file);
    const record = async (commands: readonly Uint8Array[], timeoutMs: number) => {
      const answers = await reader.transmit(commands, timeoutMs);
      heard.push(...answers.slice(-1));
      return answers;
    };
    const quiet = { onProgress: () => undefined };
    expect(outcomeOf(await tap({ ...rig.parts, ...quiet, transmit: record }))).toBe('admitted');
    const signature = toHex(heard.at(-1)!);
    const fresh = await rigFor(material, card, pinned(card));
    const replayed = await tapOn(fresh, card, { faults: [answer('sign', signature)] });
    expect(outcomeOf(replayed)).toBe('card-not-authentic');
  });

  test('a stranger: nothing of the card is kept', async () => {
    const rig = await makeRig(material, [
      await entryOf(material, await newCard(material.stage.jlis), seatRecord([ticket('T-9')])),
    ]);
    const result = await tapOn(rig, card);
    expect(outcomeOf(result)).toBe('not-listed');
    const [entry] = rig.decisions();
    expect(entry!.conversionValue).toBeUndefined();
    expect(
      Buffer.from(concat(...rig.journal.all())).includes(Buffer.from(result.conversionValue!)),
    ).toBe(false);
  });

  test('an entry that does not open', async () => {
    const { conversionValue } = await entryOf(material, card, seatRecord([ticket('T-1')]));
    const rig = await makeRig(material, [{ conversionValue, sealed: new Uint8Array(300) }]);
    expect(outcomeOf(await tapOn(rig, card))).toBe('record-unreadable');
  });

  test('an entry of somebody else under this card’s value', async () => {
    const other = await entryOf(
      material,
      await newCard(material.stage.jlis),
      seatRecord([ticket('T-2')]),
    );
    const { conversionValue } = await entryOf(material, card, seatRecord([ticket('T-1')]));
    const rig = await makeRig(material, [{ conversionValue, sealed: other.sealed }]);
    expect(outcomeOf(await tapOn(rig, card))).toBe('record-unreadable');
  });

  const CHECKED = {
    ...{ gates: ['A', 'B'], toleranceS: 600, staleAfterS: 86_400, refuseAfterS: 259_200 },
    revocationRefuseAfterS: 36 * HOUR_S,
  };
  test.each<[string, Parameters<typeof makeRig>[2], string]>([
    ['an expired list', { manifest: { expiresAt: now() - 1 } }, 'list-expired'],
    ['a list from tomorrow', { manifest: { notBefore: now() + HOUR_S } }, 'list-expired'],
    ['a list too old', { manifest: { issuedAt: now() - 300_000 } }, 'list-expired'],
    ['a list never checked', { manifest: { policy: CHECKED } }, 'revocation-too-old'],
  ])('under %s, before the card is asked anything', async (_, changes, reason) => {
    const rig = await rigFor(material, card, {}, changes);
    const reader = onReader(card.file);
    const result = await tap({
      ...rig.parts,
      transmit: reader.transmit,
      onProgress: () => undefined,
    });
    expect(outcomeOf(result)).toBe(reason);
    expect(reader.report().commands).toBe(0);
  });

  test('without a list', async () => {
    const rig = await makeRig(material, undefined);
    const result = await tapOn(rig, card);
    expect([outcomeOf(result), result.list]).toEqual(['list-missing', undefined]);
    expect(rig.decisions()).toMatchObject([{ reason: 'list-missing', list: undefined }]);
  });
});
