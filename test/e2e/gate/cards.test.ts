import type { CardFile } from '@pinless-gate/test/sandbox/card/card-file';
import { STEPS, type Step, SURFACE_STEPS } from '@pinless-gate/test/sandbox/card/virtual-card';
import { describe, expect, test } from 'vitest';
import { BUSY_MS } from '../../busy.ts';
import { GateProcess, gateCommand, makeLane, readerLines, tapCard } from './fixture.ts';
import { stand } from './stand.ts';

// Cards that do not behave, on a real pcscd: each is refused by name, and the lane serves the next one.

const { venue, reader } = await stand();

async function startLane(): Promise<{ gate: GateProcess; lane: string }> {
  const lane = await makeLane(venue, { reader: readerLines(reader) });
  const gate = new GateProcess(lane);
  await gate.started();
  return { gate, lane };
}

/** The next card: a stranger's, which any number of taps refuse alike. */
async function expectServing(gate: GateProcess): Promise<void> {
  const { outcome, ms } = await tapCard(gate, reader, venue.cards.stranger!);
  expect(outcome).toBe('not-listed');
  expect(ms).toBeLessThan(1000 + BUSY_MS);
}

/** What the display is sent, without repetitions, up to a state. */
async function statesUntil({ body }: Response, last: string) {
  const states: string[] = [];
  let text = '';
  for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
    const events = (text + chunk).split('\n\n');
    text = events.pop()!;
    const shown = events.join('\n').matchAll(/^data: \{"state":"([a-z-]+)","language":"(..)"/gm);
    for (const [, state, language] of shown) {
      if (state !== states.at(-1)) states.push(state!);
      if (state === last) return { states, language };
    }
  }
  return { states };
}

const JPKI_STEPS = STEPS.filter((step) => !SURFACE_STEPS.has(step));

const withFault = (card: CardFile, atStep: Step, answer: string | number) =>
  ({ ...card, faults: [{ atStep, answer }] }) as CardFile;

describe('a card that leaves', () => {
  test('during every step: card-removed, and the next card is served within a second', async () => {
    const { gate, lane } = await startLane();
    const { tourist, sato } = venue.cards;
    for (const step of JPKI_STEPS) {
      const { outcome } = await tapCard(gate, reader, withFault(tourist!, step, 'leave'));
      expect([step, outcome]).toEqual([step, 'card-removed']);
      await expectServing(gate);
    }
    expect(await tapCard(gate, reader, sato!)).toMatchObject({ outcome: 'admitted' });
    // No fault of the gate's: nobody was told that it is out of service.
    const told = gate.lines.filter(({ level }) => level >= 40).map(({ msg }) => msg);
    // Where the list took longer than the second that the gate waits for it.
    expect(told.filter((msg) => msg !== 'no list yet')).toEqual([]);
    await gate.stop();
    const { out } = await gateCommand(lane, 'journal', 'verify', '--config', 'gate.toml', '--json');
    expect(JSON.parse(out)).toMatchObject({
      verified: true,
      unsigned: 0,
      admitted: 1,
      refused: { 'card-removed': JPKI_STEPS.length, 'not-listed': JPKI_STEPS.length },
    });
  }, 60_000);

  test('after a step: refused until the signature is there, admitted from then on', async () => {
    const { gate } = await startLane();
    for (const step of ['select', 'get-challenge', 'external-authenticate'] as const) {
      const options = { removeAfterStep: step };
      const { outcome } = await tapCard(gate, reader, venue.cards.sato!, options);
      expect([step, outcome]).toEqual([step, 'card-removed']);
    }
    const last = await tapCard(gate, reader, venue.cards.sato!, { removeAfterStep: 'sign' });
    expect(last.outcome).toBe('admitted');
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('already-admitted');
  }, 60_000);

  test('and comes back at once: a tap of its own, and the display asks for it', async () => {
    const { gate } = await startLane();
    const display = await gate.started();
    const events = await fetch(new URL('display/events', display));
    const chosen = await fetch(new URL('display/language', display), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"language":"ko"}',
    });
    expect(chosen.status).toBe(204);
    const { outcome } = await tapCard(gate, reader, withFault(venue.cards.sato!, 'sign', 'leave'));
    expect(outcome).toBe('card-removed');
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
    const { states, language } = await statesUntil(events, 'admitted');
    // As somebody chose at the screen, and not as the ticket says.
    expect(language).toBe('ko');
    // A machine so busy that two seconds went by says "refused" in between, as it should.
    const shown = states.filter((state) => state !== 'refused');
    expect(shown).toEqual(['idle', 'hold', 'removed', 'hold', 'admitted']);
  });
});

describe('a card that stays', () => {
  test('is served once, and again when it was taken away', async () => {
    const { gate } = await startLane();
    const inserted = await reader.insert(venue.cards.stranger!);
    expect(await gate.tap()).toBe('not-listed');
    const { commands } = await inserted.report();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await inserted.report()).commands).toBe(commands);
    await inserted.remove();
    await expectServing(gate);
  });
});

describe('a card that answers', () => {
  test('nonsense, errors or without end: refused by name, and the lane goes on', async () => {
    const { gate } = await startLane();
    for (const [step, answer, reason] of [
      ['select', 'nonsense', /^(card-fault|unknown-card)$/],
      ['get-challenge', 'nonsense', /^(card-fault|terminal-refused)$/],
      ['sign', 'nonsense', /^(card-fault|card-not-authentic)$/],
      ['external-authenticate', '6f00', /^terminal-refused$/],
      ['read-certificate', 'aa61ff', /^card-fault$/],
      ['read-certificate', '9000', /^card-fault$/],
    ] as const) {
      const card = withFault(venue.cards.tourist!, step, answer);
      expect((await tapCard(gate, reader, card)).outcome).toMatch(reason);
    }
    await expectServing(gate);
  });

  test.each([
    ['not at all', 'mute'],
    ['after five seconds', 5000],
  ] as const)('%s: card-too-slow within the limit, and the lane comes back', async (_, answer) => {
    const { gate } = await startLane();
    const inserted = await reader.insert(withFault(venue.cards.sato!, 'sign', answer));
    const from = performance.now();
    expect(await gate.tap()).toBe('card-too-slow');
    expect(performance.now() - from).toBeLessThan(2500 + BUSY_MS);
    await inserted.remove();
    await expectServing(gate);
  });
});
