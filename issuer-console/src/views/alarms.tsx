import type { Alarm, ListAlarm } from '../domain/alarm.ts';
import type { Overview } from '../domain/overview.ts';
import type { Advice } from './advice.ts';
import { Icon } from './icon.tsx';
import { isoTime } from './language.ts';
import { ago, type Messages } from './messages.ts';
import type { View } from './view.ts';

export const AlarmsView = ({ view, overview }: { view: View; overview: Overview }) => {
  const { text, format } = view;
  const { alarms, now } = overview;
  return (
    <>
      <h2>{text.alarms.heading}</h2>
      {alarms.length === 0 ? (
        <p class="quiet">
          <Icon shape="good" />
          {text.alarms.none}
        </p>
      ) : (
        <ul class="alarms">
          {alarms.map((alarm) => {
            const { what, next } = adviceOn(alarm, view);
            const since = 'since' in alarm ? alarm.since : undefined;
            return (
              <li class={`alarm alarm-${alarm.kind}`}>
                <Icon shape={GRAVE.has(alarm.kind) ? 'refused' : 'warning'} />
                <strong>{what}</strong>
                <span class="next">{next}</span>
                {since !== undefined && (
                  <time datetime={isoTime(since)}>
                    {text.alarms.since(format.moment(since), ago(text, since, now))}
                  </time>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
};

/** Read out when it changes; the alarms themselves change every minute by their age. */
export const AlarmCountView = ({
  view: { text },
  overview,
}: {
  view: View;
  overview: Overview;
}) => <>{text.alarms.count(overview.alarms.length)}</>;

const GRAVE: ReadonlySet<Alarm['kind']> = new Set([
  'chain-conflict',
  'unexplained-calls',
  'enrolment-conflict',
  'list-expired',
  'revocation-too-old',
]);

function adviceOn(alarm: Alarm, { text: words, format }: View): Advice {
  const { text } = words.alarms;
  const { alarms: ofKeys, unnamed } = words.keyPages;
  const { webhooks } = words;
  switch (alarm.kind) {
    case 'chain-conflict':
      return text.conflict(alarm.gate, String(alarm.sequence));
    case 'unexplained-calls':
      return text.unexplained(alarm.gate);
    case 'gate-silent':
      return text.silent(alarm.gate);
    case 'printer':
      return text.printer(alarm.gate)[alarm.fault];
    case 'webhook-failing':
      return webhooks.alarm(alarm.vendor, alarm.host);
    case 'publication-failed':
      return words.publications.alarm(alarm.event, alarm.code);
    case 'enrolment-conflict':
      return ofKeys.conflict(alarm.gate);
    case 'keys-owing':
      return ofKeys.owing(alarm.event ?? unnamed, format.number(alarm.gates));
    case 'key-window':
      return ofKeys.window(alarm.event ?? unnamed, format.moment(alarm.until));
    case 'institution-expiry':
      return ofKeys.expiry(alarm.holder, format.date(alarm.until));
    default:
      return ofEvent(alarm.event, adviceOnList(alarm, text));
  }
}

const ofEvent = (event: string | undefined, { what, next }: Advice): Advice =>
  event === undefined ? { what, next } : { what: `${event}: ${what}`, next };

function adviceOnList(alarm: ListAlarm, text: Messages['alarms']['text']): Advice {
  switch (alarm.kind) {
    case 'list-missing':
      return text.missing;
    case 'list-unreadable':
      return text.unreadable(alarm.code);
    case 'list-expired':
      return text.expired;
    case 'list-stale':
      return text.stale;
    case 'revocation-too-old':
      return text.revocationTooOld;
    case 'revocation-stale':
      return text.revocationStale;
  }
}
