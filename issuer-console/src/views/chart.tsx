import type { Child } from 'hono/jsx';
import type { ChartWords } from './chart-messages.ts';
import type { View } from './view.ts';

/** Of every chart: what the text sizes of `console.css` are made for. */
export const WIDTH = 440;
/** Room for a legible label on each side. */
export const PAD = { top: 22, right: 14, bottom: 26, left: 48 } as const;

interface ChartProps {
  readonly view: View;
  readonly id: string;
  readonly words: ChartWords;
  /** The most important of what is seen, as a sentence. */
  readonly told: string;
  readonly height: number;
  readonly table: Child;
  readonly children: Child;
}

/** A drawing with its name, its description and the table of the same numbers. Without script, in any colours. */
export const Chart = (props: ChartProps) => {
  const { view, id, words, told, height, table, children } = props;
  return (
    <figure class="chart">
      <figcaption>
        <h3>{words.title}</h3>
        <p>{words.what}</p>
      </figcaption>
      <svg role="img" aria-labelledby={`${id}-title ${id}-desc`} viewBox={`0 0 ${WIDTH} ${height}`}>
        <title id={`${id}-title`}>{words.title}</title>
        <desc id={`${id}-desc`}>{told}</desc>
        {children}
      </svg>
      <details id={`${id}-table`}>
        <summary>{view.text.charts.table}</summary>
        <div class="chart-table">{table}</div>
      </details>
    </figure>
  );
};

interface GridProps {
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly right: number;
}

/** Lines across, each with its number. */
export const Grid = ({ ticks, right }: GridProps) => (
  <>
    {ticks.map(({ at, label }) => (
      <>
        <line class="grid" x1={PAD.left} x2={right} y1={at} y2={at} />
        <text class="tick" x={PAD.left - 6} y={at + 4} text-anchor="end">
          {label}
        </text>
      </>
    ))}
  </>
);

/** What stands below, from left to right. */
export const Below = ({ ticks, y }: Pick<GridProps, 'ticks'> & { readonly y: number }) => (
  <>
    {ticks.map(({ at, label }) => (
      <text class="tick" x={at} y={y + 18} text-anchor="middle">
        {label}
      </text>
    ))}
  </>
);

interface TableProps {
  readonly head: readonly string[];
  readonly rows: readonly (readonly [string, ...string[]])[];
}

export const Numbers = ({ head, rows }: TableProps) => (
  <table class="numbers">
    <thead>
      <tr>
        {head.map((name, i) => (
          <th scope="col" class={i > 0 ? 'figure' : undefined}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows.map(([name, ...figures]) => (
        <tr>
          <th scope="row">{name}</th>
          {figures.map((figure, i) => (
            <td class="figure" data-label={head[i + 1]}>
              {figure}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
);

/** A tenth of a pixel is more than anybody sees, and keeps the page short. */
export const round = (value: number): number => Math.round(10 * value) / 10;

/** Names of any length in the room that there is; the table has them whole. */
export function shortened(name: string, most: number): string {
  const letters = [...name];
  return letters.length <= most ? name : `${letters.slice(0, most - 1).join('')}…`;
}
