/** Shapes, so that nothing is told by colour alone. The word always stands beside. */
export type Shape = 'admitted' | 'refused' | 'warning' | 'good' | 'resting';

export const Icon = ({ shape }: { shape: Shape }) => (
  <svg class={`icon icon-${shape}`} viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
    {PATHS[shape]}
  </svg>
);

const PATHS: Readonly<Record<Shape, unknown>> = {
  admitted: (
    <>
      <circle cx="10" cy="10" r="9" />
      <path class="mark" d="M5.5 10.4l3 3 6-6.4" />
    </>
  ),
  refused: (
    <>
      <rect x="1.5" y="1.5" width="17" height="17" rx="2" />
      <path class="mark" d="M5.5 10h9" />
    </>
  ),
  warning: (
    <>
      <path d="M10 1.2l9.2 16.6H.8z" />
      <path class="mark" d="M10 7v5M10 14.4v.8" />
    </>
  ),
  good: <circle cx="10" cy="10" r="6" />,
  resting: <circle class="hollow" cx="10" cy="10" r="5.5" />,
};
