import type { GateSummary } from '../domain/gate.ts';
import type { Overview } from '../domain/overview.ts';
import { Icon, type Shape } from './icon.tsx';
import { isoTime } from './language.ts';
import { ago } from './messages.ts';
import type { View } from './view.ts';

export const GatesView = ({ view, overview }: { view: View; overview: Overview }) => {
  const { text } = view;
  return (
    <>
      <h2>{text.gates.heading}</h2>
      {overview.gates.length === 0 ? (
        <p class="quiet">{text.gates.none}</p>
      ) : (
        <table class="gates">
          <thead>
            <tr>
              <th scope="col">{text.gates.name}</th>
              <th scope="col">{text.gates.state}</th>
              <th scope="col" class="figure">
                {text.gates.people}
              </th>
              <th scope="col" class="figure">
                {text.gates.admitted}
              </th>
              <th scope="col" class="figure">
                {text.gates.refused}
              </th>
              <th scope="col" class="figure">
                {text.gates.entries}
              </th>
              <th scope="col">{text.gates.list}</th>
              <th scope="col">{text.gates.lastSeen}</th>
            </tr>
          </thead>
          <tbody>
            {overview.gates.map((gate) => (
              <GateRow view={view} overview={overview} gate={gate} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
};

interface GateRowProps {
  readonly view: View;
  readonly overview: Overview;
  readonly gate: GateSummary;
}

const GateRow = ({ view: { text, format }, overview, gate }: GateRowProps) => {
  const state = stateOf(gate, overview);
  const figure = (label: string, value: number) => (
    <td class="figure" data-label={label}>
      {format.number(value)}
    </td>
  );
  return (
    <tr class={`gate-${state}`}>
      <th scope="row">{gate.name}</th>
      <td class="state">
        <Icon shape={STATE_SHAPES[state]} />
        {text.gates[state]}
      </td>
      {figure(text.gates.people, gate.people)}
      {figure(text.gates.admitted, gate.admitted)}
      {figure(text.gates.refused, gate.refused)}
      {figure(text.gates.entries, gate.sequence)}
      <td data-label={text.gates.list}>
        {gate.listVersion === undefined ? '–' : `v${gate.listVersion}`}
      </td>
      <td data-label={text.gates.lastSeen}>
        {gate.lastSeenAt === undefined ? (
          '–'
        ) : (
          <time datetime={isoTime(gate.lastSeenAt)}>
            {ago(text, gate.lastSeenAt, overview.now)}
          </time>
        )}
      </td>
    </tr>
  );
};

type GateState = 'running' | 'silent' | 'stopped' | 'never' | 'conflict' | 'revoked';

const STATE_SHAPES: Readonly<Record<GateState, Shape>> = {
  running: 'good',
  silent: 'warning',
  stopped: 'resting',
  never: 'resting',
  conflict: 'refused',
  revoked: 'refused',
};

function stateOf(gate: GateSummary, { alarms }: Overview): GateState {
  if (gate.revokedAt !== undefined) return 'revoked';
  if (gate.conflict) return 'conflict';
  if (gate.lastSeenAt === undefined) return 'never';
  if (gate.stopped) return 'stopped';
  const silent = alarms.some((alarm) => alarm.kind === 'gate-silent' && alarm.gateId === gate.id);
  return silent ? 'silent' : 'running';
}
