import { scaleLinear } from 'd3-scale';
import { curveStepAfter, line } from 'd3-shape';
import { HOUR_MS, type PurchaseHour } from '../domain/figures.ts';
import { Below, Chart, Grid, Numbers, PAD, round, WIDTH } from './chart.tsx';
import type { View } from './view.ts';

/** A published list, by version. */
export interface ListSize {
  readonly version: number;
  readonly entries: number;
}

interface EventChartsProps {
  readonly view: View;
  readonly now: number;
  readonly hours: readonly PurchaseHour[];
  readonly lists: readonly ListSize[];
}

const RIGHT = WIDTH - PAD.right;
const HEIGHT = 260;
const FLOOR = HEIGHT - PAD.bottom;
/** Room for the names at the lines' ends. */
const NAMES = 96;

export const EventCharts = (props: EventChartsProps) => {
  if (props.hours.length === 0 && props.lists.length === 0) return null;
  return (
    <div class="charts">
      {props.hours.length > 0 && <PurchaseChart {...props} />}
      {props.lists.length > 0 && <ListChart {...props} />}
    </div>
  );
};

const SERIES = ['paid', 'pending', 'cancelled', 'linked'] as const;
type Series = (typeof SERIES)[number];
type Point = Readonly<Record<Series, number>> & { readonly at: number };

/** How many there were at the end of each hour. */
export function standings(hours: readonly PurchaseHour[], now: number): Point[] {
  let sum = { paid: 0, pending: 0, cancelled: 0, linked: 0 };
  const points: Point[] = hours.slice(0, 1).map(({ hour }) => ({ at: hour, ...sum }));
  for (const { hour, ...more } of hours) {
    sum = {
      paid: sum.paid + more.paid,
      pending: sum.pending + more.pending,
      cancelled: sum.cancelled + more.cancelled,
      linked: sum.linked + more.linked,
    };
    points.push({ at: hour + HOUR_MS, ...sum });
  }
  const last = points.at(-1);
  return last && last.at < now ? [...points, { ...last, at: now }] : points;
}

const PurchaseChart = ({ view, now, hours }: EventChartsProps) => {
  const { text, format } = view;
  const words = text.charts.purchases;
  const points = standings(hours, now);
  const [first, last] = [points[0]!, points.at(-1)!];
  const drawn = SERIES.filter((series) => points.some((point) => point[series] > 0));
  const top = Math.max(1, ...points.flatMap((point) => drawn.map((series) => point[series])));
  const x = scaleLinear([first.at, last.at], [PAD.left, RIGHT - NAMES]);
  const y = scaleLinear([0, top], [FLOOR, PAD.top]).nice(4);
  const names = spread(drawn.map((series) => ({ series, y: y(last[series]) })));
  return (
    <Chart
      view={view}
      id="chart-purchases"
      words={words}
      told={words.told(format.number(last.paid), format.moment(now))}
      height={HEIGHT}
      table={
        <Numbers
          head={[text.charts.time, ...SERIES.map((series) => words.series[series])]}
          rows={points
            .slice(1)
            .map((point) => [
              format.moment(point.at),
              ...SERIES.map((series) => format.number(point[series])),
            ])}
        />
      }
    >
      <Grid
        ticks={y.ticks(4).map((at) => ({ at: round(y(at)), label: format.number(at) }))}
        right={RIGHT - NAMES}
      />
      {drawn.map((series) => (
        <path class={`series series-${series}`} d={pathOf(points, series, x, y)} />
      ))}
      {names.map(({ series, y: at }) => (
        <text class="label" x={RIGHT - NAMES + 6} y={round(at) + 4}>
          {words.series[series]}
        </text>
      ))}
      <Below
        ticks={[first.at, last.at].map((at, i) => ({
          at: i === 0 ? PAD.left + 30 : RIGHT - NAMES - 24,
          label: format.moment(at),
        }))}
        y={FLOOR}
      />
    </Chart>
  );
};

function pathOf(
  points: readonly Point[],
  series: Series,
  x: (at: number) => number,
  y: (n: number) => number,
): string {
  const steps = line<Point>()
    .curve(curveStepAfter)
    .x((point) => round(x(point.at)))
    .y((point) => round(y(point[series])));
  return steps([...points]) ?? '';
}

const LINE_HEIGHT = 17;

/** Names that would stand on one another move apart, downwards first. */
function spread<T extends { readonly y: number }>(names: readonly T[]): T[] {
  const placed: T[] = [];
  for (const name of names.toSorted((a, b) => a.y - b.y)) {
    const above = placed.at(-1);
    placed.push({ ...name, y: Math.max(name.y, above ? above.y + LINE_HEIGHT : 0) });
  }
  const over = Math.max(0, (placed.at(-1)?.y ?? 0) - FLOOR);
  return placed.map((name) => ({ ...name, y: name.y - over }));
}

const ListChart = ({ view, lists }: EventChartsProps) => {
  const { text, format } = view;
  const words = text.charts.lists;
  const newest = lists.at(-1)!;
  const top = Math.max(1, ...lists.map(({ entries }) => entries));
  const y = scaleLinear([0, top], [FLOOR, PAD.top]).nice(4);
  const width = (RIGHT - PAD.left) / lists.length;
  const bar = Math.min(width * 0.7, 48);
  const middle = (i: number) => PAD.left + (i + 0.5) * width;
  const every = Math.ceil(lists.length / 8);
  return (
    <Chart
      view={view}
      id="chart-lists"
      words={words}
      told={words.told(String(newest.version), format.number(newest.entries))}
      height={HEIGHT}
      table={
        <Numbers
          head={[words.version, words.entries]}
          rows={lists.map(({ version, entries }) => [String(version), format.number(entries)])}
        />
      }
    >
      <Grid
        ticks={y.ticks(4).map((at) => ({ at: round(y(at)), label: format.number(at) }))}
        right={RIGHT}
      />
      {lists.map(({ entries }, i) => (
        <rect
          class="bar"
          x={round(middle(i) - bar / 2)}
          y={round(y(entries))}
          width={round(bar)}
          height={round(FLOOR - y(entries))}
        />
      ))}
      <Below
        ticks={lists.flatMap(({ version }, i) =>
          (lists.length - 1 - i) % every === 0
            ? [{ at: round(middle(i)), label: `v${version}` }]
            : [],
        )}
        y={FLOOR}
      />
    </Chart>
  );
};
