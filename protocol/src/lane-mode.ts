import { FormatError } from './errors.ts';

/**
 * How a lane is worked: `always-open` and `evacuate` hold the barrier open and ask for no card,
 * `rehearsal` decides and shows but counts nothing.
 */
export const LANE_MODES = [
  'normal',
  'entry-only',
  'exit-only',
  'always-open',
  'closed',
  'evacuate',
  'rehearsal',
] as const;

export type LaneMode = (typeof LANE_MODES)[number];

/** Throws ERR_LANE_MODE. */
export function parseLaneMode(text: string): LaneMode {
  const mode = LANE_MODES.find((known) => known === text);
  if (!mode) throw new FormatError('ERR_LANE_MODE', 'unknown lane mode');
  return mode;
}

/** Which way a person goes through the lane. */
export const DIRECTIONS = ['in', 'out'] as const;

export type Direction = (typeof DIRECTIONS)[number];

/** Throws ERR_LANE_DIRECTION. */
export function parseDirection(text: string): Direction {
  const direction = DIRECTIONS.find((known) => known === text);
  if (!direction) throw new FormatError('ERR_LANE_DIRECTION', 'neither in nor out');
  return direction;
}
