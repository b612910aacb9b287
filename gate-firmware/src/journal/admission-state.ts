import { concat, utf8 } from '@pinless-gate/protocol/bytes';
import { CborMap, type CborValue, encodeCbor } from '@pinless-gate/protocol/cbor';
import { FormatError } from '@pinless-gate/protocol/errors';
import type { Counters, LastMovement, TicketState } from '../admission/state.ts';

/** Key of a ticket's state: tickets of different events never meet. */
export function ticketKey(eventId: Uint8Array, ticketNo: string): Uint8Array {
  return concat(eventId, utf8(ticketNo));
}

export function encodeTicketState(state: TicketState): Uint8Array {
  const { last } = state;
  return encodeCbor({
    ...countersMap(state),
    revision: state.revision,
    blocked: state.blocked,
    pending: state.pending && { sequence: state.pending.sequence, at: state.pending.at },
    last: last && { ...last, before: countersMap(last.before) },
  });
}

/** Also of the form before there were revisions, `{entries, lastEntryAt}`: who entered is inside. */
export function decodeTicketState(bytes: Uint8Array): TicketState {
  const map = CborMap.decode(bytes, 'ticket state');
  const state = map.has('revision') ? decodeState(map) : decodeFirstForm(map);
  map.end();
  return state;
}

function decodeFirstForm(map: CborMap): TicketState {
  const entries = map.uint('entries');
  return {
    revision: entries,
    entries,
    inside: entries > 0,
    lastEntryAt: map.uint('lastEntryAt'),
  };
}

function decodeState(map: CborMap): TicketState {
  const pending = map.has('pending') ? map.map('pending') : undefined;
  const state = {
    revision: map.uint('revision'),
    ...decodeCounters(map),
    ...flag(map, 'blocked'),
    ...(pending && { pending: { sequence: pending.uint('sequence'), at: pending.uint('at') } }),
    ...(map.has('last') && { last: decodeLast(map.map('last')) }),
  };
  pending?.end();
  return state;
}

function decodeLast(map: CborMap): LastMovement {
  const before = map.map('before');
  const direction = map.text('direction');
  if (direction !== 'in' && direction !== 'out') {
    throw new FormatError('ERR_TICKET_STATE', 'ticket state: movement of unknown direction');
  }
  const last = {
    sequence: map.uint('sequence'),
    at: map.uint('at'),
    direction,
    before: decodeCounters(before),
  } as const;
  before.end();
  map.end();
  return last;
}

function countersMap(counters: Counters): { [key: string]: CborValue | undefined } {
  return {
    entries: counters.entries,
    inside: counters.inside,
    lastEntryAt: counters.lastEntryAt,
    lastExitAt: counters.lastExitAt,
    day: counters.day && { ...counters.day },
    perGate: counters.perGate?.map((one) => ({ ...one })),
    readmitted: counters.readmitted,
  };
}

/** Members that are absent are left out, so that states compare by what they hold. */
function decodeCounters(map: CborMap): Counters {
  const day = map.has('day') ? map.map('day') : undefined;
  const counters = {
    entries: map.uint('entries'),
    inside: map.boolean('inside'),
    ...(map.has('lastEntryAt') && { lastEntryAt: map.uint('lastEntryAt') }),
    ...(map.has('lastExitAt') && { lastExitAt: map.uint('lastExitAt') }),
    ...(day && { day: { date: day.text('date'), entries: day.uint('entries') } }),
    ...(map.has('perGate') && { perGate: map.array('perGate').map(decodeGate) }),
    ...flag(map, 'readmitted'),
  };
  day?.end();
  return counters;
}

function decodeGate(value: CborValue): { gate: string; entries: number } {
  const map = new CborMap(value, 'ticket state.perGate');
  const gate = { gate: map.text('gate'), entries: map.uint('entries') };
  map.end();
  return gate;
}

/** A flag is there or it is not: there is no second way to say no. */
function flag<K extends string>(map: CborMap, key: K): { [key in K]?: true } {
  if (!map.has(key)) return {};
  if (!map.boolean(key)) throw new FormatError('ERR_TICKET_STATE', `ticket state: ${key} is false`);
  return { [key]: true } as { [key in K]?: true };
}
