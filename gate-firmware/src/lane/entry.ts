import type { Converter } from '@pinless-gate/hsm/conversion-value';
import type { CertificateHead } from '@pinless-gate/protocol/certificate/head';
import { FormatError } from '@pinless-gate/protocol/errors';
import { decodeSeatRecord, openRecord, type SeatRecord } from '@pinless-gate/protocol/record';
import type { Whitelist } from '../whitelist/store.ts';
import type { StepTimes } from './clock.ts';

export interface LookUpParts {
  readonly eventId: Uint8Array;
  readonly converter: Converter;
}

/** What the list has of a card. */
export interface Entry {
  readonly conversionValue: Uint8Array;
  readonly sealed: Uint8Array | undefined;
  /** Absent where there is no entry, or one that does not open. */
  readonly seat: SeatRecord | undefined;
}

/** The card's entry. Nobody is turned away for an HMAC that the module cannot repeat. */
export async function lookUp(
  { converter, eventId }: LookUpParts,
  list: Whitelist,
  { issuerName, serial }: CertificateHead,
  times: StepTimes,
): Promise<Entry> {
  const conversion = await converter.convert(issuerName, serial);
  times.end('convert');
  const { conversionValue, sealKey } = conversion;
  try {
    const sealed = list.find(conversionValue);
    times.end('lookup');
    const seat = sealed && unseal(sealKey, sealed, { eventId, conversionValue });
    if (sealed) times.end('unseal');
    if (!seat) {
      const { eventKeyId } = list.manifest;
      try {
        await converter.confirm({ issuerName, serial }, conversion, { eventId, eventKeyId });
      } finally {
        times.end('confirm');
      }
    }
    return { conversionValue, sealed, seat };
  } finally {
    sealKey.fill(0);
  }
}

/** Undefined where the entry does not open: damaged, or of another key. */
function unseal(
  sealKey: Uint8Array,
  sealed: Uint8Array,
  context: { eventId: Uint8Array; conversionValue: Uint8Array },
): SeatRecord | undefined {
  try {
    return decodeSeatRecord(openRecord(sealKey, sealed, context));
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
