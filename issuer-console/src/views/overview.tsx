import type { Overview } from '../domain/overview.ts';
import { ActsView } from './acts.tsx';
import { AlarmCountView, AlarmsView } from './alarms.tsx';
import { FiguresView } from './board-charts.tsx';
import { CountsView } from './counts.tsx';
import { GatesView } from './gates.tsx';
import { Layout } from './layout.tsx';
import { PublicationView } from './publication.tsx';
import { TapsView } from './taps.tsx';
import type { View } from './view.ts';

/** The parts of the page that are replaced while it is open, by the id of their element. */
const SECTIONS = {
  publication: PublicationView,
  counts: CountsView,
  alarms: AlarmsView,
  figures: FiguresView,
  gates: GatesView,
  taps: TapsView,
  acts: ActsView,
} as const;
const PARTS = { ...SECTIONS, 'alarm-count': AlarmCountView };

export interface OverviewProps {
  readonly view: View;
  readonly overview: Overview;
  readonly assets: string;
}

export const OverviewPage = ({ view, overview, assets }: OverviewProps) => (
  <Layout view={view} assets={assets} title={view.text.title} now={overview.now} live="/live">
    <p id="alarm-count" role="status" class="visually-hidden">
      <AlarmCountView view={view} overview={overview} />
    </p>
    {Object.entries(SECTIONS).map(([id, Section]) => (
      <section id={id}>
        <Section view={view} overview={overview} />
      </section>
    ))}
  </Layout>
);

/** The same parts on their own, for the live page. */
export function overviewParts(view: View, overview: Overview): Map<string, string> {
  return new Map(
    Object.entries(PARTS).map(([id, Part]) => [
      id,
      (<Part view={view} overview={overview} />).toString() as string,
    ]),
  );
}
