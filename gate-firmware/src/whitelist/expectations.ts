import { BundleError, type Manifest, type Publishers } from '@pinless-gate/protocol/bundle';
import { equal, toHex } from '@pinless-gate/protocol/bytes';

/** What a bundle must be for this gate to apply it. */
export interface Expectations {
  readonly eventId: Uint8Array;
  /** What the gate's own event keys are called that it may use now; the list must be converted with one of them. */
  readonly eventKeyIds: readonly Uint8Array[];
  readonly publishers: Publishers;
  /** The highest version applied so far, 0 for none. */
  readonly floor: number;
  /** Unix seconds. */
  readonly now: number;
}

/** A version may not run away to where no honest one can follow. */
export const MAX_VERSION_STEP = 1_000_000;

/** The rules of protocol.md 5 that need the manifest alone. */
export function checkManifest(manifest: Omit<Manifest, 'buckets'>, expected: Expectations): void {
  if (!equal(manifest.eventId, expected.eventId)) {
    throw new BundleError(
      'ERR_BUNDLE_EVENT',
      `list is for event ${toHex(manifest.eventId)}, this gate serves ${toHex(expected.eventId)}`,
    );
  }
  if (!expected.eventKeyIds.some((keyId) => equal(manifest.eventKeyId, keyId))) {
    throw new BundleError('ERR_BUNDLE_EVENT_KEY', 'list was converted with another event key', {
      hint: "the gate's HSM needs the event key that the list was built with, inside its window",
    });
  }
  if (manifest.version <= expected.floor) {
    throw new BundleError(
      'ERR_BUNDLE_ROLLBACK',
      `list version ${manifest.version}, version ${expected.floor} was applied before`,
    );
  }
  if (manifest.version > expected.floor + MAX_VERSION_STEP) {
    throw new BundleError(
      'ERR_BUNDLE_FAST_FORWARD',
      `list version ${manifest.version} runs away from version ${expected.floor}`,
      { hint: 'nobody publishes so often: look who signed it, and change the publishers' },
    );
  }
  if (manifest.expiresAt <= expected.now) {
    throw new BundleError('ERR_BUNDLE_EXPIRED', 'list has expired', {
      hint: "publish a new version, or check the gate's clock",
    });
  }
}
