import { cardsOf } from '@pinless-gate/whitelist-builder/purchase/cards';
import { type LineProblem, parseLine } from '@pinless-gate/whitelist-builder/purchase/line';
import { type FuzzTarget, hold } from '../target.ts';

const RULES = { gates: new Set(['A', 'B']), admission: { from: 0, until: 4_000_000_000 } };
const MAX_TEXT = 400;

/** One line of the purchase feed, as far as it can be checked without a CA. */
export const feed: FuzzTarget = {
  name: 'feed',
  open: () => (input) => {
    const line = parseLine(input);
    if (line.problem) return checkProblem(line.problem);
    const result = cardsOf(line.purchase, RULES);
    if (result.problem) return checkProblem(result.problem);
    const tickets = result.cards.flatMap((card) => card.tickets);
    hold(tickets.length === result.partySize, 'tickets were lost');
    hold(
      new Set(tickets.map(({ ticketNo }) => ticketNo)).size === tickets.length,
      'a ticket twice',
    );
    return true;
  },
};

function checkProblem({ field, reason }: LineProblem): false {
  hold(reason !== '' && reason.length < MAX_TEXT && field.length < MAX_TEXT, 'a long reason');
  return false;
}
