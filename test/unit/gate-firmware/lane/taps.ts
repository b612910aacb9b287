import { X509Certificate } from 'node:crypto';
import { type TapResult, tap } from '@pinless-gate/gate-firmware/lane/tap';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import type { SeatRecord } from '@pinless-gate/protocol/record';
import type { NewCard } from '../../../sandbox/jlis/new-card.ts';
import { seatRecord, ticket } from '../fixture.ts';
import { onReader } from '../stage.ts';
import { entryOf, type Material, makeRig, type Rig } from './rig.ts';

/** As whoever builds the list pins the key of a card. */
export function pinned({ file }: NewCard): Pick<SeatRecord, 'publicKey' | 'notAfter'> {
  const certificate = new X509Certificate(file.certificatePem!);
  const publicKey = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return { publicKey, notAfter: Math.floor(Date.parse(certificate.validTo) / 1000) };
}

/** A lane whose list holds the card; `record` changes what it opens. */
export const rigFor = async (
  material: Material<KeyStore>,
  one: NewCard,
  record: Partial<SeatRecord> = {},
  changes: Parameters<typeof makeRig>[2] = {},
) =>
  makeRig(material, [await entryOf(material, one, seatRecord([ticket('T-1')], record))], changes);

export function tapOn(rig: Rig, one: NewCard, more: Parameters<typeof onReader>[1] = {}) {
  const reader = onReader(one.file, more);
  return tap({ ...rig.parts, transmit: reader.transmit, onProgress: () => undefined });
}

export const outcomeOf = ({ decision }: TapResult) =>
  decision.admitted ? 'admitted' : decision.reason;
