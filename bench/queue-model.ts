/** A lane with people before it who never end. All times in seconds; the reasons for them: docs/lane-throughput.md. */
export interface Pace {
  /** Lognormal: half are faster, one in twenty is slower than `p95`. */
  readonly p50: number;
  readonly p95: number;
}

/** What people do, whatever the gate does. ASSUMED. */
export const PEOPLE = {
  /** From the waiting line to the reader; the next one walks up while the last one goes through. */
  walkUp: { p50: 1.2, p95: 2.0 },
  /** Until the card lies still; most have it in the hand. */
  present: { p50: 0.8, p95: 2.5 },
  /** One in so many has it in a bag still. */
  searchEvery: 12,
  search: { p50: 6, p95: 15 },
  /** From the display's change to the first step. */
  read: { p50: 1.0, p95: 2.2 },
  /** Through the turnstile, until it takes the next one. */
  walkOff: { p50: 1.6, p95: 2.6 },
  /** One in so many is refused, reads why and steps aside. */
  refusedEvery: 100,
  refused: { p50: 6, p95: 12 },
} as const;

export interface LaneTimes {
  /** Seconds from the card's first answer to the display's change, as measured. */
  readonly taps: readonly number[];
  /** Until a card that lies there is noticed. */
  readonly notice: number;
}

/** Fewer would be whole numbers with little between them. */
const SPAN_MINUTES = 10;

/** People a minute, in each of so many spans of ten minutes. `random`: 0 ≤ x < 1. */
export function peoplePerMinute(
  spans: number,
  { taps, notice }: LaneTimes,
  random: () => number,
): number[] {
  const counts = new Array<number>(spans).fill(0);
  /** When the reader is free, and when the turnstile is. */
  let reader = 0;
  let turnstile = 0;
  for (;;) {
    const arrived = reader + draw(PEOPLE.walkUp, random);
    const searched = oneIn(PEOPLE.searchEvery, random) ? draw(PEOPLE.search, random) : 0;
    const presented = arrived + searched + draw(PEOPLE.present, random);
    const tapped = taps.length === 0 ? 0 : taps[Math.floor(random() * taps.length)]!;
    const told = presented + notice + tapped;
    if (oneIn(PEOPLE.refusedEvery, random)) {
      reader = told + draw(PEOPLE.refused, random);
      continue;
    }
    const stepped = Math.max(told + draw(PEOPLE.read, random), turnstile);
    // Whoever walks through has left the reader; the next one walks up behind.
    reader = stepped;
    turnstile = stepped + draw(PEOPLE.walkOff, random);
    const span = Math.floor(turnstile / (60 * SPAN_MINUTES));
    if (span >= spans) return counts.map((count) => count / SPAN_MINUTES);
    counts[span]! += 1;
  }
}

const Z95 = 1.6449;

function draw({ p50, p95 }: Pace, random: () => number): number {
  const sigma = Math.log(p95 / p50) / Z95;
  // Box and Muller; 1 − x keeps the logarithm from 0.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return p50 * Math.exp(sigma * normal);
}

const oneIn = (count: number, random: () => number): boolean => random() < 1 / count;
