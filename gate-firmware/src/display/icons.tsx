/** Shapes that carry the meaning where colour cannot: drawn in a 100 by 100 box, for the eye only. */

export const RING_RADIUS = 45;

/** What the ring says: come, the steps that are done (0 to 1), or the time that is left to put the card back. */
type Ring =
  | { readonly kind: 'come' }
  | { readonly kind: 'filled'; readonly progress: number }
  | { readonly kind: 'left'; readonly remainingMs: number };

export const CardInRing = ({ ring }: { readonly ring: Ring }) => (
  <svg class={`icon ring ${ring.kind}`} viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <circle class="ring-track" cx="50" cy="50" r={RING_RADIUS} />
    {ring.kind === 'come' && <circle class="ring-pulse" cx="50" cy="50" r={RING_RADIUS} />}
    {ring.kind === 'filled' && (
      <Arc class="ring-fill" percent={Math.round(Math.min(Math.max(ring.progress, 0), 1) * 100)} />
    )}
    {ring.kind === 'left' && <Arc class="ring-left" percent={100} remainingMs={ring.remainingMs} />}
    <g class="card">
      <rect class="card-body" x="22" y="32" width="56" height="36" rx="4" />
      <rect class="card-chip" x="29" y="42" width="10" height="8" rx="1.5" />
      <path class="card-line" d="M29 59h22M46 42h25M46 49h18" />
    </g>
    {ring.kind === 'left' && <path class="card-back" d="M50 13v12M43 19.500l7 7 7-7" />}
  </svg>
);

interface ArcProps {
  readonly class: string;
  readonly percent: number;
  readonly remainingMs?: number;
}

const Arc = ({ class: name, percent, remainingMs }: ArcProps) => (
  <circle
    class={name}
    cx="50"
    cy="50"
    r={RING_RADIUS}
    pathLength="100"
    stroke-dasharray={`${percent} 100`}
    transform="rotate(-90 50 50)"
    data-remaining-ms={remainingMs}
  />
);

/** Go in. */
export const TickInCircle = () => (
  <svg class="icon" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <circle class="shape" cx="50" cy="50" r="48" />
    <path class="sign-line" d="M27 52l16 16 31-35" />
  </svg>
);

/** Wait: somebody helps. */
export const HandInSquare = () => (
  <svg class="icon" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <rect class="shape" x="2" y="2" width="96" height="96" rx="14" />
    <g class="sign">
      <rect x="35" y="25" width="8.5" height="40" rx="4.25" />
      <rect x="45" y="18" width="8.5" height="46" rx="4.25" />
      <rect x="55" y="22" width="8.5" height="42" rx="4.25" />
      <rect x="65" y="31" width="8.5" height="34" rx="4.25" />
      <path d="M35 50h38.5v13c0 13-8 20-18.5 20-8.5 0-13.5-3.5-18-10.500L26.5 57.5a4.4 4.4 0 0 1 7.200-5L37 56z" />
    </g>
  </svg>
);

/** Staff are coming. */
export const PersonInDiamond = () => (
  <svg class="icon" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <path
      class="shape"
      d="M44 4.500a8.500 8.500 0 0 1 12 0L95.500 44a8.500 8.500 0 0 1 0 12L56 95.500a8.500 8.500 0 0 1-12 0L4.500 56a8.500 8.500 0 0 1 0-12z"
    />
    <g class="sign">
      <circle cx="50" cy="37" r="12.500" />
      <path d="M27 73c0-13 9-21 23-21s23 8 23 21z" />
    </g>
  </svg>
);

/** Walk on. */
export const Chevrons = () => (
  <svg class="icon" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <path class="sign-line" d="M18 50l32-30 32 30M18 82l32-30 32 30" />
  </svg>
);

/** To the exit: somebody walks through a door. */
export const WayOut = () => (
  <svg class="icon" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <path class="sign-line door" d="M66 10h28v82H66" />
    <circle class="sign" cx="43" cy="16" r="8" />
    <path
      class="sign-line walker"
      d="M39 32L33 56l13 12-3 22M33 56L22 72 6 74M39 33L23 39 18 53M39 34l11 12 14 1"
    />
  </svg>
);

export const ClosedBar = () => (
  <svg class="icon" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <rect class="shape" x="2" y="26" width="96" height="26" rx="5" />
    <path class="sign-stripes" d="M12 52l16-26M36 52l16-26M60 52l16-26M84 52l14-23" />
    <path class="post" d="M16 54v26M84 54v26" />
  </svg>
);

/** No entry at this lane: a bar in a circle. */
export const BarInCircle = () => (
  <svg class="icon" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <circle class="shape" cx="50" cy="50" r="48" />
    <rect class="sign" x="20" y="41" width="60" height="18" rx="4" />
  </svg>
);

export const ARROWS = ['left', 'ahead', 'right', 'back', 'up', 'down'] as const;
export type ArrowName = (typeof ARROWS)[number];

const HEADS: Readonly<Record<ArrowName, string>> = {
  left: 'M92 50H12M42 18L10 50l32 32',
  right: 'M8 50h80M58 18l32 32-32 32',
  ahead: 'M50 92V12M18 42L50 10l32 32',
  back: 'M50 8v80M18 58l32 32 32-32',
  // Stairs, and the way along them.
  up: 'M6 92h22V70h22V48h22V26h22M12 50l34-34M24 14h24v24',
  down: 'M6 26h22v22h22v22h22v22h22M54 14l34 34M88 24v26H62',
};

export const Arrow = ({ to }: { readonly to: ArrowName }) => (
  <svg class="arrow" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <path d={HEADS[to]} />
  </svg>
);
