import { STAFF_TEXT } from '@pinless-gate/protocol/refusal';
import type { StaffText } from '@pinless-gate/protocol/staff-text';
import type { Overview, Tap } from '../domain/overview.ts';
import { Icon } from './icon.tsx';
import { isoTime, type Language } from './language.ts';
import type { View } from './view.ts';

export const TapsView = ({ view, overview }: { view: View; overview: Overview }) => {
  const { text } = view;
  const { taps, now } = overview;
  if (taps.length === 0) {
    return (
      <>
        <h2>{text.taps.heading(0)}</h2>
        <p class="quiet">{text.taps.none}</p>
      </>
    );
  }
  return (
    <>
      <h2>{text.taps.heading(taps.length)}</h2>
      <table class="taps">
        <thead>
          <tr>
            <th scope="col">{text.taps.time}</th>
            <th scope="col">{text.taps.gate}</th>
            <th scope="col">{text.taps.outcome}</th>
            <th scope="col">{text.taps.reason}</th>
            <th scope="col">{text.taps.code}</th>
            <th scope="col">{text.taps.list}</th>
            <th scope="col" class="figure">
              {text.taps.duration}
            </th>
          </tr>
        </thead>
        <tbody>
          {taps.map((tap) => (
            <TapRow view={view} tap={tap} now={now} />
          ))}
        </tbody>
      </table>
    </>
  );
};

const TapRow = ({ view: { text, format }, tap, now }: { view: View; tap: Tap; now: number }) => {
  const outcome = tap.admitted ? 'admitted' : 'refused';
  const reason = tap.reason === undefined ? undefined : staffText(tap.reason, format.language);
  return (
    <tr class={`tap tap-${outcome}`}>
      <td class="time">
        <time datetime={isoTime(tap.at)}>{format.time(tap.at, now)}</time>
      </td>
      <td class="gate">{tap.gate}</td>
      <td class="outcome">
        <Icon shape={outcome} />
        {text.taps[outcome]}
      </td>
      <td class="reason">
        {reason && (
          <>
            <span class="what">{reason.what}</span>
            {reason.next !== '' && <span class="next">{reason.next}</span>}
          </>
        )}
      </td>
      <td class="code">{tap.code}</td>
      <td class="list">{tap.listVersion === undefined ? '–' : `v${tap.listVersion}`}</td>
      <td class="figure duration">{`${format.number(Math.round(tap.totalMs))} ms`}</td>
    </tr>
  );
};

/** A newer gate may know reasons that this console does not: it shows them as they are. */
function staffText(reason: string, language: Language): StaffText {
  const known = Object.entries(STAFF_TEXT).find(([code]) => code === reason);
  return known ? known[1][language] : { what: reason, next: '' };
}
