import type { GateSummary } from '../domain/gate.ts';
import type { Overview } from '../domain/overview.ts';
import { Icon } from './icon.tsx';
import type { View } from './view.ts';

export const CountsView = ({ view, overview }: { view: View; overview: Overview }) => {
  const { text, format } = view;
  const sum = (of: (gate: GateSummary) => number, unit: (n: number) => string) => {
    const total = overview.gates.reduce((before, gate) => before + of(gate), 0);
    return (
      <dd>
        {format.number(total)} <span class="unit">{unit(total)}</span>
      </dd>
    );
  };
  return (
    <>
      <h2 class="visually-hidden">{text.counts.heading}</h2>
      <dl class="counts">
        <div class="count-people">
          <dt>{text.counts.people}</dt>
          {sum(({ people }) => people, text.counts.peopleUnit)}
        </div>
        <div>
          <dt>
            <Icon shape="admitted" />
            {text.counts.admitted}
          </dt>
          {sum(({ admitted }) => admitted, text.counts.tapsUnit)}
        </div>
        <div>
          <dt>
            <Icon shape="refused" />
            {text.counts.refused}
          </dt>
          {sum(({ refused }) => refused, text.counts.tapsUnit)}
        </div>
      </dl>
    </>
  );
};
