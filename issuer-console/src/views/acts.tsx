import type { Overview, StaffAct } from '../domain/overview.ts';
import { isoTime } from './language.ts';
import type { View } from './view.ts';

/** What people did by hand at the gates. */
export const ActsView = ({ view, overview }: { view: View; overview: Overview }) => {
  const { acts: text } = view.text;
  const { acts, now } = overview;
  return (
    <>
      <h2>{text.heading}</h2>
      {acts.length === 0 ? (
        <p class="quiet">{text.none}</p>
      ) : (
        <table class="acts">
          <thead>
            <tr>
              {[text.time, text.gate, text.act, text.operator, text.reason].map((name) => (
                <th scope="col">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {acts.map((act) => (
              <ActRow view={view} act={act} now={now} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
};

const ActRow = ({
  view: { text, format },
  act,
  now,
}: {
  view: View;
  act: StaffAct;
  now: number;
}) => (
  <tr>
    <td class="time">
      <time datetime={isoTime(act.at)}>{format.time(act.at, now)}</time>
    </td>
    <td class="gate">{act.gate}</td>
    <td>{[text.acts.names[act.act], act.detail, act.code].filter(Boolean).join(' ')}</td>
    <td>{`${act.operator.id} (${act.operator.role})`}</td>
    <td class="reason">{act.reason}</td>
  </tr>
);
