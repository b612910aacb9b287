/** Shapes that carry the meaning where colour cannot: drawn in a 100 by 100 box, for the eye only. */

export const RING_RADIUS = 45;

/** A card in a ring. With progress, 0 to 1, the ring fills. */
export const CardInRing = ({ progress }: { readonly progress?: number }) => (
  <svg class="icon ring" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <circle class="ring-track" cx="50" cy="50" r={RING_RADIUS} />
    {progress === undefined ? (
      <circle class="ring-pulse" cx="50" cy="50" r={RING_RADIUS} />
    ) : (
      <circle
        class="ring-fill"
        cx="50"
        cy="50"
        r={RING_RADIUS}
        pathLength="100"
        stroke-dasharray={`${Math.round(Math.min(Math.max(progress, 0), 1) * 100)} 100`}
        transform="rotate(-90 50 50)"
      />
    )}
    <g class="card">
      <rect class="card-body" x="22" y="32" width="56" height="36" rx="4" />
      <rect class="card-chip" x="29" y="42" width="10" height="8" rx="1.5" />
      <path class="card-line" d="M29 59h22M46 42h25M46 49h18" />
    </g>
  </svg>
);

export const TickInCircle = () => (
  <svg class="icon" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <circle class="shape" cx="50" cy="50" r="48" />
    <path class="sign-line" d="M27 52l16 16 31-35" />
  </svg>
);

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

export const ClosedBar = () => (
  <svg class="icon" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
    <rect class="shape" x="2" y="26" width="96" height="26" rx="5" />
    <path class="sign-stripes" d="M12 52l16-26M36 52l16-26M60 52l16-26M84 52l14-23" />
    <path class="post" d="M16 54v26M84 54v26" />
  </svg>
);
