import type { ChartMessages } from './chart-messages.ts';

export const chartsEn: ChartMessages = {
  heading: 'Entrance',
  none: 'Charts come with the first taps',
  table: 'The same as a table',
  time: 'Time',
  all: 'All',
  entered: {
    title: 'People entered',
    what: 'In all, every five minutes, against the tickets on the list',
    expected: (n) => `on the list ${n}`,
    told: (entered, expected, moment) =>
      `${entered}${expected === undefined ? '' : ` of ${expected}`} by ${moment}.`,
    sum: 'In all',
  },
  pace: {
    title: 'People in five minutes',
    what: 'At each gate, all on one scale',
    told: (most, moment) => `Most in five minutes: ${most}, at ${moment}.`,
  },
  durations: {
    title: 'How long a tap takes',
    what: 'Half of the taps, and 95 in 100, took no longer; within a twentieth',
    gate: 'Gate',
    taps: 'Taps',
    half: 'Half, ms',
    most: '95 %, ms',
    told: (gate, ms) => `Slowest: ${gate}, 95 in 100 within ${ms} ms.`,
  },
  refusals: {
    title: 'Refusals by reason',
    what: 'Taps that were refused',
    reason: 'Reason',
    taps: 'Taps',
    empty: 'No tap was refused',
    told: (n, reason) => `Most frequent: ${reason}, ${n}.`,
  },
  noForecast:
    'There is no forecast: re-entries count as entries, and nobody here knows who is still to come.',
  purchases: {
    title: 'Purchases over time',
    what: 'How many there were at the end of each hour',
    series: {
      paid: 'Paid',
      pending: 'Pending',
      cancelled: 'Cancelled',
      linked: 'Cards linked later',
    },
    told: (paid, moment) => `${paid} paid at ${moment}.`,
  },
  lists: {
    title: 'Size of the list by version',
    what: 'Tickets on each published list',
    version: 'Version',
    entries: 'Tickets',
    told: (version, entries) => `Newest: version ${version}, ${entries} tickets.`,
  },
};
