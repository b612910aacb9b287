import type { Cost } from './costs.ts';

const WIDTH = 640;
const HEIGHT = 360;
const [LEFT, RIGHT, TOP, BOTTOM] = [60, 150, 40, 40];
const LOWEST = 0.1;
const CURVES = [
  { key: 'coldS', name: 'cold, s', colour: '#b3261e' },
  { key: 'againS', name: '1 % changed, s', colour: '#1565c0' },
  { key: 'memoryMiB', name: 'memory, MiB', colour: '#2e7d32' },
  { key: 'diskMiB', name: 'disk, MiB', colour: '#6a1b9a' },
] as const;

/** What lists of several lengths cost, both axes logarithmic. */
export function drawCosts(costs: readonly Cost[]): string {
  const decades = (values: readonly number[]) => {
    const from = Math.floor(Math.log10(Math.min(...values)));
    return [from, Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values))))];
  };
  const [x0, x1] = decades(costs.map(({ entries }) => entries)) as [number, number];
  const all = costs.flatMap((cost) => CURVES.map(({ key }) => Math.max(LOWEST, cost[key])));
  const [y0, y1] = decades(all) as [number, number];
  const x = (value: number) =>
    LEFT + ((Math.log10(value) - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) =>
    HEIGHT -
    BOTTOM -
    ((Math.log10(Math.max(LOWEST, value)) - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
  const parts = [
    text(LEFT, 22, 'whitelist build: what a list costs, by entries'),
    ...powers(x0, x1).map((n) => text(x(n), HEIGHT - 18, n.toLocaleString('en'), 'middle')),
    ...powers(y0, y1).flatMap((n) => [
      `<path d="M${LEFT} ${y(n).toFixed(1)}H${WIDTH - RIGHT}" stroke="#ddd"/>`,
      text(LEFT - 8, y(n) + 4, n.toLocaleString('en'), 'end'),
    ]),
  ];
  for (const { key, name, colour } of CURVES) {
    const points = costs.map((cost) => `${x(cost.entries).toFixed(1)},${y(cost[key]).toFixed(1)}`);
    const last = costs.at(-1)!;
    parts.push(
      `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<g fill="${colour}">${text(x(last.entries) + 8, y(last[key]) + 4, name)}</g>`,
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>What a list costs, by entries</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

function powers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
}

function text(x: number, y: number, content: string, anchor = 'start'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${content}</text>`;
}
