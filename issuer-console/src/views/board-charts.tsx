import { STAFF_TEXT } from '@pinless-gate/protocol/refusal';
import { scaleLinear } from 'd3-scale';
import { area, curveStepAfter, line } from 'd3-shape';
import { type BoardFigures, HOUR_MS, SLOT_MS } from '../domain/figures.ts';
import type { Overview } from '../domain/overview.ts';
import { Below, Chart, Grid, Numbers, PAD, round, shortened, WIDTH } from './chart.tsx';
import type { Format } from './language.ts';
import type { View } from './view.ts';

interface FiguresProps {
  readonly view: View;
  readonly overview: Overview;
}

const RIGHT = WIDTH - PAD.right;

/** What people would rather look at than read. */
export const FiguresView = ({ view, overview }: FiguresProps) => {
  const { charts } = view.text;
  const { figures } = overview;
  return (
    <>
      <h2>{charts.heading}</h2>
      {figures.gates.length === 0 ? (
        <p class="quiet">{charts.none}</p>
      ) : (
        <>
          <div class="charts">
            <EnteredChart view={view} overview={overview} />
            <PaceChart view={view} figures={figures} />
            <DurationChart view={view} figures={figures} />
            <RefusalChart view={view} figures={figures} />
          </div>
          <p class="quiet note">{charts.noForecast}</p>
        </>
      )}
    </>
  );
};

/** Beginnings of slots from the first shown to the one that is under way. */
function slotsOf({ from, until }: BoardFigures): number[] {
  return Array.from({ length: (until - from) / SLOT_MS }, (_, i) => from + i * SLOT_MS);
}

const sumAt = ({ gates }: BoardFigures, slot: number) =>
  gates.reduce((sum, { people }) => sum + (people.get(slot) ?? 0), 0);

/** Whole and half hours, or whole ones where more is shown. */
function timeTicks({ from, until }: BoardFigures, format: Format, x: (at: number) => number) {
  const step = until - from > 3 * HOUR_MS ? HOUR_MS : HOUR_MS / 2;
  const first = Math.ceil(from / step) * step;
  const count = Math.floor((until - from) / step) + 1;
  return Array.from({ length: count }, (_, i) => first + i * step)
    .filter((at) => at <= until)
    .map((at) => ({ at: round(x(at)), label: format.minute(at) }));
}

/** Of all lists: the gates of all events are drawn together. Undefined where there is none. */
function expectedOf({ list, further }: Overview): number | undefined {
  const counts = [list, ...further.map((one) => one.list)].flatMap((one) =>
    one.state === 'published' ? [one.manifest.entryCount] : [],
  );
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count);
}

const EnteredChart = ({ view, overview }: FiguresProps) => {
  const { text, format } = view;
  const words = text.charts.entered;
  const { figures } = overview;
  const expected = expectedOf(overview);
  const slots = slotsOf(figures);
  const inside = slots.reduce((sum, slot) => sum + sumAt(figures, slot), 0);
  const all = overview.gates.reduce((sum, { people }) => sum + people, 0);
  let sum = all - inside;
  const points = [{ at: figures.from, sum }];
  for (const slot of slots) {
    sum += sumAt(figures, slot);
    points.push({ at: slot + SLOT_MS, sum });
  }
  const height = 240;
  const floor = height - PAD.bottom;
  const top = Math.max(expected ?? 0, all, 1);
  const x = scaleLinear([figures.from, figures.until], [PAD.left, RIGHT]);
  const y = scaleLinear([0, top], [floor, PAD.top]).nice(4);
  const shape = area<{ at: number; sum: number }>()
    .x((point) => round(x(point.at)))
    .y0(floor)
    .y1((point) => round(y(point.sum)));
  const edge = line<{ at: number; sum: number }>()
    .x((point) => round(x(point.at)))
    .y((point) => round(y(point.sum)));
  const ticks = y.ticks(4).map((at) => ({ at: round(y(at)), label: format.number(at) }));
  const number = (n: number) => format.number(n);
  const told = words.told(
    number(all),
    expected === undefined ? undefined : number(expected),
    format.minute(overview.now),
  );
  return (
    <Chart
      view={view}
      id="chart-entered"
      words={words}
      told={told}
      height={height}
      table={
        <Numbers
          head={[text.charts.time, words.sum]}
          rows={points.map((point) => [format.minute(point.at), number(point.sum)])}
        />
      }
    >
      <Grid ticks={ticks} right={RIGHT} />
      <path class="area" d={shape(points) ?? ''} />
      <path class="edge" d={edge(points) ?? ''} />
      {expected !== undefined && (
        <>
          <line
            class="mark-line-expected"
            x1={PAD.left}
            x2={RIGHT}
            y1={y(expected)}
            y2={y(expected)}
          />
          <text class="label" x={RIGHT} y={round(y(expected)) - 6} text-anchor="end">
            {words.expected(number(expected))}
          </text>
        </>
      )}
      <Below ticks={timeTicks(figures, format, x)} y={floor} />
    </Chart>
  );
};

const ROW = 44;

interface GateChartProps {
  readonly view: View;
  readonly figures: BoardFigures;
}

const PaceChart = ({ view, figures }: GateChartProps) => {
  const { text, format } = view;
  const words = text.charts.pace;
  const { gates } = figures;
  const slots = slotsOf(figures);
  const most = Math.max(1, ...gates.flatMap(({ people }) => [...people.values()]));
  const x = scaleLinear([figures.from, figures.until], [PAD.left - 40, RIGHT]);
  const height = gates.length * ROW + PAD.bottom;
  const y = scaleLinear([0, most], [0, ROW - 18]);
  const steps = area<number>()
    .curve(curveStepAfter)
    .x((slot) => round(x(slot)));
  const busiest = slots.reduce(
    (a, b) => (sumAt(figures, b) > sumAt(figures, a) ? b : a),
    slots[0]!,
  );
  const told = words.told(format.number(sumAt(figures, busiest)), format.minute(busiest));
  const figure = (n: number) => format.number(n);
  return (
    <Chart
      view={view}
      id="chart-pace"
      words={words}
      told={told}
      height={height}
      table={
        <Numbers
          head={[text.charts.time, ...gates.map(({ gate }) => gate), text.charts.all]}
          rows={slots.map((slot) => [
            format.minute(slot),
            ...gates.map(({ people }) => figure(people.get(slot) ?? 0)),
            figure(sumAt(figures, slot)),
          ])}
        />
      }
    >
      {gates.map(({ gate, people }, i) => {
        const floor = (i + 1) * ROW;
        const at = (slot: number) => people.get(slot) ?? people.get(slot - SLOT_MS) ?? 0;
        const bars = steps.y0(floor).y1((slot) => round(floor - y(people.get(slot) ?? 0)));
        const shown = [...slots, figures.until];
        const last = Math.max(0, ...slots.map(at));
        return (
          <>
            <path class="bars" d={bars(shown) ?? ''} />
            <line class="grid" x1={x(figures.from)} x2={RIGHT} y1={floor} y2={floor} />
            <text class="label" x={x(figures.from)} y={floor - ROW + 16}>
              {shortened(gate, 18)}
            </text>
            <text class="tick" x={RIGHT} y={floor - ROW + 16} text-anchor="end">
              {figure(last)}
            </text>
          </>
        );
      })}
      <Below ticks={timeTicks(figures, format, x)} y={gates.length * ROW} />
    </Chart>
  );
};

const DurationChart = ({ view, figures }: GateChartProps) => {
  const { text, format } = view;
  const words = text.charts.durations;
  const gates = figures.gates.flatMap(({ gate, taps, p50, p95 }) =>
    p50 === undefined || p95 === undefined ? [] : [{ gate, taps, p50, p95 }],
  );
  const ms = (value: number) => format.number(Math.round(value));
  const longest = Math.max(100, ...gates.map(({ p95 }) => p95));
  const x = scaleLinear([0, longest], [PAD.left - 40, RIGHT - 12]).nice(4);
  const bottom = gates.length * ROW;
  const slowest = gates.reduce((a, b) => (b.p95 > a.p95 ? b : a), gates[0] ?? NOBODY);
  return (
    <Chart
      view={view}
      id="chart-durations"
      words={words}
      told={words.told(slowest.gate, ms(slowest.p95))}
      height={bottom + PAD.bottom}
      table={
        <Numbers
          head={[words.gate, words.taps, words.half, words.most]}
          rows={gates.map(({ gate, taps, p50, p95 }) => [
            gate,
            format.number(taps),
            ms(p50),
            ms(p95),
          ])}
        />
      }
    >
      {x.ticks(4).map((at) => (
        <line class="grid" x1={x(at)} x2={x(at)} y1={4} y2={bottom} />
      ))}
      {gates.map(({ gate, p50, p95 }, i) => {
        const y = i * ROW + 28;
        return (
          <>
            <text class="label" x={x(0)} y={y - 12}>
              {shortened(gate, 16)}
            </text>
            <text class="tick" x={RIGHT} y={y - 12} text-anchor="end">
              {`${ms(p50)} – ${ms(p95)} ms`}
            </text>
            <line class="range" x1={round(x(p50))} x2={round(x(p95))} y1={y} y2={y} />
            <circle class="dot" cx={round(x(p50))} cy={y} r="5" />
            <path class="dot" d={`M${round(x(p95))} ${y - 7}v14`} />
          </>
        );
      })}
      <Below
        ticks={x.ticks(4).map((at) => ({ at: round(x(at)), label: format.number(at) }))}
        y={bottom}
      />
    </Chart>
  );
};

const NOBODY = { gate: '–', p95: 0 };
/** The rest stands in the table. */
const REASONS_DRAWN = 8;

const RefusalChart = ({ view, figures }: GateChartProps) => {
  const { text, format } = view;
  const words = text.charts.refusals;
  const { refusals } = figures;
  const [first] = refusals;
  if (!first) {
    return (
      <div class="chart">
        <h3>{words.title}</h3>
        <p class="quiet">{words.empty}</p>
      </div>
    );
  }
  const drawn = refusals.slice(0, REASONS_DRAWN);
  const x = scaleLinear([0, first.taps], [0, RIGHT - 8 - 60]);
  return (
    <Chart
      view={view}
      id="chart-refusals"
      words={words}
      told={words.told(format.number(first.taps), nameOf(first.reason, format))}
      height={drawn.length * ROW}
      table={
        <Numbers
          head={[words.reason, words.taps]}
          rows={refusals.map(({ reason, taps }) => [nameOf(reason, format), format.number(taps)])}
        />
      }
    >
      {drawn.map(({ reason, taps }, i) => (
        <>
          <text class="label" x="8" y={i * ROW + 16}>
            {shortened(nameOf(reason, format), format.language === 'ja' ? 28 : 52)}
          </text>
          <rect
            class="bar-refused"
            x="8"
            y={i * ROW + 22}
            width={round(x(taps))}
            height="14"
            rx="2"
          />
          <text class="tick" x={round(x(taps)) + 16} y={i * ROW + 34}>
            {format.number(taps)}
          </text>
        </>
      ))}
    </Chart>
  );
};

/** A newer gate may know reasons that this console does not. */
function nameOf(reason: string, { language }: Format): string {
  const known = Object.entries(STAFF_TEXT).find(([code]) => code === reason);
  return known ? known[1][language].what : reason;
}
