import { conflictOf, type GateRecord, type GateStanding, standingOf } from '../domain/enrolment.ts';
import type { Holdings } from '../domain/holdings.ts';
import { Form } from './form.tsx';
import { Icon, type Shape } from './icon.tsx';
import { isoTime } from './language.ts';
import { ago } from './messages.ts';
import type { View } from './view.ts';

export const GATE_SHAPES: Readonly<Record<GateStanding, Shape>> = {
  enrolled: 'good',
  configured: 'good',
  invited: 'resting',
  'invitation-expired': 'warning',
  withdrawn: 'resting',
  revoked: 'refused',
};

export interface HoldingsActs {
  readonly invite: boolean;
  readonly revoke: boolean;
}

interface EnrolledProps {
  readonly view: View;
  readonly holdings: Holdings;
  readonly acts: HoldingsActs;
}

export const EnrolledView = ({ view, holdings, acts }: EnrolledProps) => {
  const { text } = view;
  if (holdings.gates.length === 0) return <p class="quiet">{text.enrolled.none}</p>;
  return (
    <table class="holdings">
      <thead>
        <tr>
          <th scope="col">{text.enrolled.name}</th>
          <th scope="col">{text.enrolled.standing}</th>
          <th scope="col">{text.enrolled.module}</th>
          <th scope="col">{text.enrolled.deviceKey}</th>
          <th scope="col">{text.enrolled.since}</th>
          {acts.revoke && <th scope="col">{text.account.gates.revokeWhat}</th>}
        </tr>
      </thead>
      <tbody>
        {holdings.gates.map((gate) => (
          <EnrolledRow view={view} gate={gate} now={holdings.now} mayRevoke={acts.revoke} />
        ))}
      </tbody>
    </table>
  );
};

interface EnrolledRowProps {
  readonly view: View;
  readonly gate: GateRecord;
  readonly now: number;
  readonly mayRevoke: boolean;
}

const EnrolledRow = ({ view, gate, now, mayRevoke }: EnrolledRowProps) => {
  const { text, format } = view;
  const standing = standingOf(gate, now);
  const { stated } = gate;
  const since = gate.revokedAt ?? gate.withdrawnAt ?? gate.addedAt ?? gate.invitedAt;
  return (
    <tr class={`gate-${standing}`}>
      <th scope="row">
        <a href={`/gates/${gate.id}?lang=${format.language}`}>{gate.name}</a>
        <span class="id">{gate.id.slice(0, 8)}</span>
      </th>
      <td class="state">
        <Icon shape={GATE_SHAPES[standing]} />
        {text.enrolled.standings[standing]}
        {conflictOf(gate) && <span class="next">{text.keyPages.gatePage.conflict}</span>}
      </td>
      <td data-label={text.enrolled.module}>
        {stated ? `${stated.module.model} ${stated.module.version}` : '–'}
        {stated && stated.capabilities.length === 0 && (
          <span class="next">{text.enrolled.unwrapsNothing}</span>
        )}
      </td>
      <td data-label={text.enrolled.deviceKey}>
        {gate.deviceKeyId === undefined ? '–' : <span class="id">{grouped(gate.deviceKeyId)}</span>}
      </td>
      <td data-label={text.enrolled.since}>
        {since === undefined ? (
          '–'
        ) : (
          <time datetime={isoTime(since)}>
            {`${format.moment(since)} (${ago(text, since, now)})`}
          </time>
        )}
      </td>
      {mayRevoke && (
        <td>
          {gate.revokedAt === undefined && gate.withdrawnAt === undefined && (
            <Form view={view} action={`/gates/${gate.id}/revoke`} class="inline">
              <button type="submit" class="second">
                {text.account.gates.revoke(gate.name)}
              </button>
            </Form>
          )}
        </td>
      )}
    </tr>
  );
};

/** Enough of a hash for two people to compare. */
function grouped(hash: string): string {
  return hash.slice(0, 16).match(/.{4}/g)!.join(' ');
}
