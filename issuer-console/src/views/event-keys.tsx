import { type KeyRecord, type KeyState, keyState } from '../domain/keys.ts';
import { Icon, type Shape } from './icon.tsx';
import { isoTime } from './language.ts';
import { ago } from './messages.ts';
import type { View } from './view.ts';

const SHAPES: Readonly<Record<KeyState, Shape>> = {
  waiting: 'resting',
  delivered: 'resting',
  taken: 'good',
  expired: 'warning',
  destroyed: 'admitted',
  'no-answer': 'refused',
};

export interface EventKeysProps {
  readonly view: View;
  readonly keys: readonly KeyRecord[];
  readonly now: number;
}

/** One event's keys, a row for each gate and generation. */
export const EventKeysView = ({ view, keys, now }: EventKeysProps) => {
  const { text } = view;
  const count = (state: KeyState) => keys.filter((key) => keyState(key, now) === state).length;
  const owing = keys.filter((key) => !key.gateRevoked && keyState(key, now) === 'no-answer').length;
  return (
    <>
      <p class={owing > 0 ? 'owing' : 'quiet'}>
        <Icon shape={owing > 0 ? 'refused' : 'good'} />
        {owing > 0
          ? text.keys.owing(String(owing))
          : text.keys.summary(
              String(count('taken')),
              String(count('destroyed')),
              String(keys.length),
            )}
      </p>
      <table class="holdings">
        <thead>
          <tr>
            <th scope="col">{text.keys.gate}</th>
            <th scope="col">{text.keys.state}</th>
            <th scope="col">{text.keys.generation}</th>
            <th scope="col">{text.keys.window}</th>
            <th scope="col">{text.keys.lastWord}</th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <KeyRow view={view} record={key} now={now} />
          ))}
        </tbody>
      </table>
    </>
  );
};

interface KeyRowProps {
  readonly view: View;
  readonly record: KeyRecord;
  readonly now: number;
}

const KeyRow = ({ view: { text, format }, record, now }: KeyRowProps) => {
  const state = keyState(record, now);
  const word = record.destroyedAt ?? record.takenAt ?? record.fetchedAt;
  return (
    <tr class={`key-${state}`}>
      <th scope="row">
        {record.gate}
        {record.gateRevoked && <span class="next">{text.gates.revoked}</span>}
      </th>
      <td class="state">
        <Icon shape={SHAPES[state]} />
        {text.keys.states[state]}
      </td>
      <td data-label={text.keys.generation}>{format.number(record.generation)}</td>
      <td data-label={text.keys.window}>
        <time datetime={isoTime(record.validFrom)}>{format.moment(record.validFrom)}</time>
        {' – '}
        <time datetime={isoTime(record.validUntil)}>{format.moment(record.validUntil)}</time>
      </td>
      <td data-label={text.keys.lastWord}>
        {word === undefined ? (
          '–'
        ) : (
          <time datetime={isoTime(word)}>{`${format.moment(word)} (${ago(text, word, now)})`}</time>
        )}
      </td>
    </tr>
  );
};
