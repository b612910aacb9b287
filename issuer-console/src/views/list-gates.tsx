import type { GateProgress, GateStanding } from '../domain/gate-list.ts';
import type { PublicationView } from '../domain/publication-desk.ts';
import { Icon, type Shape } from './icon.tsx';
import { isoTime } from './language.ts';
import type { View } from './view.ts';

const SHAPES: Readonly<Record<GateStanding, Shape>> = {
  held: 'good',
  behind: 'warning',
  refused: 'refused',
  silent: 'warning',
  stopped: 'resting',
  never: 'resting',
};

interface ListGatesProps {
  readonly view: View;
  readonly publication: PublicationView;
}

/** How far a list is: nothing to tell of one that is not published. */
export const ListGates = ({ view, publication }: ListGatesProps) => {
  const { text } = view;
  const words = text.publications;
  const { gates, publishedAt } = publication;
  if (publishedAt === undefined) return null;
  return (
    <>
      <h2>{words.gates}</h2>
      {gates.length === 0 ? (
        <p class="quiet">{words.noGates}</p>
      ) : (
        <table class="holdings">
          <thead>
            <tr>
              <th scope="col">{words.gate}</th>
              <th scope="col">{words.standing}</th>
              <th scope="col">{words.version}</th>
              <th scope="col">{words.since}</th>
              <th scope="col">{words.took}</th>
            </tr>
          </thead>
          <tbody>
            {gates.map((gate) => (
              <GateRow view={view} gate={gate} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
};

const GateRow = ({ view: { text, format }, gate }: { view: View; gate: GateProgress }) => {
  const words = text.publications;
  const { standing, name, version, reachedAt, tookMs, refusal } = gate;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="state">
        <Icon shape={SHAPES[standing]} />
        {words.standings[standing]}
        {standing === 'refused' && <span class="next">{refusal?.code}</span>}
      </td>
      <td data-label={words.version}>{version === undefined ? '–' : `v${version}`}</td>
      <td data-label={words.since}>
        {reachedAt === undefined ? (
          '–'
        ) : (
          <time datetime={isoTime(reachedAt)}>{format.moment(reachedAt)}</time>
        )}
      </td>
      <td data-label={words.took}>
        {tookMs === undefined ? '–' : words.seconds((tookMs / 1000).toFixed(1))}
      </td>
    </tr>
  );
};
