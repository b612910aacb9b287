import { kazashi } from '@pinless-gate/gate-firmware/card/profiles/kazashi';
import type { SurfaceTrust } from '@pinless-gate/gate-firmware/lane/surface';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import type { KazashiPin } from '@pinless-gate/protocol/kazashi/surface';
import { surfaceCa } from '@pinless-gate/runtime/surface-ca';
import type { NewCard } from '../../../sandbox/jlis/new-card.ts';
import { linkCardFile } from '../../../sandbox/link.ts';
import type { Stage } from '../stage.ts';

export async function surfaceTrust({ jlis }: Stage, pinned = false): Promise<SurfaceTrust> {
  return { ca: surfaceCa(await jlis.files.octets('surface-ca.json'), 'surface-ca.json'), pinned };
}

/** What linking this card gives. */
export async function pinOf(stage: Stage, { file }: NewCard): Promise<KazashiPin> {
  const { ca } = await surfaceTrust(stage);
  const link = await linkCardFile(file, { anchors: trustAnchors([stage.ca]), ca, at: Date.now() });
  return link.kazashi;
}

/** The profiles of a lane without an institution key. */
export const kazashiOnly = async (stage: Stage, pinned = false) => [
  { profile: kazashi, surface: await surfaceTrust(stage, pinned) },
];
