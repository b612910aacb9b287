import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Reader } from '@pinless-gate/gate-firmware/card/reader';
import { tap } from '@pinless-gate/gate-firmware/lane/tap';
import { type SandboxReader, startReader } from '@pinless-gate/test/sandbox/reader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NewCard, newCard } from '../sandbox/jlis/new-card.ts';
import { kazashiOnly, pinOf } from '../unit/gate-firmware/lane/linked.ts';
import { type Material, makeMaterial } from '../unit/gate-firmware/lane/rig.ts';
import { outcomeOf, rigFor } from '../unit/gate-firmware/lane/taps.ts';

const directory = mkdtempSync(join(tmpdir(), 'kazashi-'));
let material: Material;
let sandbox: SandboxReader;
let reader: Reader;
let card: NewCard;

beforeAll(async () => {
  material = await makeMaterial(join(directory, 'jlis'));
  sandbox = await startReader({ directory: join(directory, 'reader') });
  reader = await Reader.open({ reader: sandbox.names[0]!, socket: sandbox.socket });
  card = await newCard(material.stage.jlis, { birthDate: '19800217' });
});

afterAll(async () => {
  await reader.close();
  await sandbox.close();
  rmSync(directory, { recursive: true });
});

/** Holds a card up through pcscd, to a lane whose list has the linked one. */
async function tapThroughPcscd(held: NewCard): Promise<{ outcome: string; verify: number }> {
  const profiles = await kazashiOnly(material.stage);
  const kazashi = await pinOf(material.stage, card);
  const rig = await rigFor(material, card, { kazashi }, { profiles });
  const inserted = await sandbox.insert(held.file);
  try {
    let state = await reader.watch();
    while (state.kind === 'empty') state = await reader.watch(state.known);
    expect(state.kind).toBe('present');
    const result = await tap({
      ...rig.parts,
      transmit: reader.session(),
      onProgress: () => undefined,
    });
    await reader.disconnect();
    const { instructions } = await inserted.report();
    return { outcome: outcomeOf(result), verify: instructions['20'] ?? 0 };
  } finally {
    await inserted.remove();
  }
}

describe('a tap by kazashi through pcscd', () => {
  test('the linked card: one query, one VERIFY', async () => {
    expect(await tapThroughPcscd(card)).toEqual({ outcome: 'admitted', verify: 2 });
  });

  test('its certificate before the surface application of another card', async () => {
    const options = { scenario: 'mixed', victim: card.file, birthDate: '19800217' } as const;
    const mixed = await newCard(material.stage.jlis, options);
    expect(await tapThroughPcscd(mixed)).toMatchObject({ outcome: 'surface-mismatch' });
  });
});
