import { sealWith } from '@pinless-gate/issuer-console/credentials/seal';
import { commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { requireEvent } from '@pinless-gate/issuer-console/domain/event';
import { handoverDesksOf } from '@pinless-gate/issuer-console/domain/handover-desks';
import type { Act } from '@pinless-gate/issuer-console/domain/handover-ledger';
import { KEY_SCOPES } from '@pinless-gate/issuer-console/domain/permission';
import { PurchaseBook } from '@pinless-gate/issuer-console/domain/purchase-book';
import { shownBy } from '@pinless-gate/issuer-console/domain/visitor-desk';
import type { HolderField, Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { feedOf, newCa, purchase } from '../../whitelist-builder/fixture.ts';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ask, submit } from '../browsing.ts';
import { ended, imported, newEvent } from '../events.ts';
import { GATE_A, startConsole, type TestConsole, TestGate } from '../fixture.ts';
import { LINKED } from '../handover-acts.ts';
import { ORIGIN, plainStatements, TestCard, visit } from '../visiting.ts';

let started: TestConsole;
let person: SignedIn;
let vendorId: string;
let desks: ReturnType<typeof handoverDesksOf>;
let book: PurchaseBook;
let comer: TestCard;
/** Lists that were asked for, by reason. */
let requested: string[];
const asker = commandLine(0);
const seal = sealWith(new Uint8Array(32).fill(7));
/** As no certificate that is kept may say it. */
const NAMED = 'YAMADA HANAKO, Yokohama, 1980-02-17, female';
const gate = new TestGate(GATE_A, '北');

beforeAll(async () => {
  started = await startConsole({ statements: plainStatements });
  vendorId = await newVendor(started.stores, 'tickets');
  person = await signedIn(started.stores, { name: 'seller', role: 'vendor', vendorId });
  await started.enrol(gate);
  const { stores } = started;
  const now = () => started.now;
  comer = await TestCard.issue(await newCa(), '91', NAMED);
  book = new PurchaseBook({ ...stores, seal, now });
  const lists = {
    has: () => true,
    request: async (_: unknown, __: unknown, why: string) => {
      requested.push(why);
      return 'f'.repeat(32);
    },
  };
  const random = (length: number) => new Uint8Array(crypto.getRandomValues(Buffer.alloc(length)));
  desks = handoverDesksOf({ ...stores, book, lists, seal, now, random });
}, 60_000);
afterAll(() => started.close());
beforeEach(() => {
  requested = [];
});

const card = (n: number): HolderField => ({ serial: `9${n}`, issuer: 'jpki-auth' });
const ticket = (ticketNo: string, more = {}) => ({ ticketNo, seat: { gate: 'A' }, ...more });
const family = (n: number, more = {}) =>
  purchase(n, {
    tickets: [
      ticket(`T-${n}-1`),
      ticket(`T-${n}-2`),
      ticket(`T-${n}-3`, { category: 'child', with: `T-${n}-2` }),
    ],
    ...more,
  });

interface Told {
  readonly status: number;
  readonly changeNo?: number;
  readonly handover?: { readonly id: string };
}

/** An event with these purchases, and an act on it now. */
async function eventWith(...purchases: object[]): Promise<Act> {
  const id = await newEvent(started, vendorId, person);
  await ended(started, person, await imported(started, person, id, feedOf(...purchases)));
  const event = await requireEvent(started.stores.events, asker.scope, id);
  return { asker, event, askedAt: started.now };
}
const opened = async ({ event }: Act, id: string): Promise<Purchase> =>
  (await book.open(asker, event, id)).purchase;
const numbers = ({ tickets }: Purchase) => tickets.map(({ ticketNo }) => ticketNo);
/** Whoever has the code presents a card; whose signature it is makes no difference to what becomes of the ticket. */
const come = async (act: Act, code: string | undefined, holder: HolderField) => {
  const deps = { tokens: started.stores.visitorTokens, now: () => started.now };
  const { token } = await shownBy(deps, code ?? '');
  const method = 'authentication';
  const { eventId, subject, purpose } = token;
  const about = { origin: ORIGIN, eventId, subject, purpose: purpose as 'transfer', lines: ['A'] };
  const times = { now: started.now, expiresAt: started.now + 1000 };
  const request = await plainStatements.request(about, times);
  const statement = comer.state(Buffer.from(request).toString('base64url'), method);
  const stated = { token, request, statement, proven: { method, holder } };
  return desks.visits.take(stated as never).then(({ state }) => [act.event.id, state]);
};
const offer = (act: Act, ticketNo: string, kind: 'companion' | 'transfer', hours = 1) =>
  desks.invitations.offer(act, { purchaseId: 'P-1', ticketNo, kind, hours });
const refusal = (code: string) => ({ code });
const lastAction = async () =>
  (await started.stores.audit.entries(asker.scope, { before: undefined, limit: 1 }))[0]!.entry;

describe('a companion', () => {
  test('links a card of their own, and it is undone', async () => {
    const act = await eventWith(family(1));
    const { code } = await offer(act, 'T-1-2', 'companion');
    expect(await lastAction()).toMatchObject({ action: 'companion.invited', vendorId });
    expect(requested).toEqual([]);
    await come(act, code, card(1));
    expect((await opened(act, 'P-1')).companions).toEqual([{ ticketNo: 'T-1-2', holder: card(1) }]);
    expect(await lastAction()).toMatchObject({
      action: 'companion.linked',
      by: { kind: 'console' },
    });
    expect(requested).toEqual(['resale']);
    // The statement came again, because its answer was lost.
    await come(act, code, card(1));
    expect(requested).toHaveLength(1);
    await expect(offer(act, 'T-1-2', 'companion')).rejects.toMatchObject(
      refusal('ERR_TICKET_LINKED'),
    );
    await desks.invitations.unlink(act, 'P-1', 'T-1-2');
    expect(await opened(act, 'P-1')).toEqual(family(1));
    expect(requested).toHaveLength(2);
    const { tickets } = await desks.parties.of(asker, act.event, 'P-1');
    expect(tickets.map(({ card: on }) => on)).toEqual(['holder', 'holder', 'holder']);
  });

  test('one card takes one place, but for a child that comes along', async () => {
    const act = await eventWith(family(1));
    const [one, two, three] = await Promise.all([
      offer(act, 'T-1-1', 'companion'),
      offer(act, 'T-1-2', 'companion'),
      offer(act, 'T-1-3', 'companion'),
    ]);
    const { holder } = family(1) as unknown as Purchase;
    const same = refusal('ERR_CARD_SAME');
    await expect(come(act, one.code, holder)).rejects.toMatchObject(same);
    await come(act, two.code, card(2));
    await expect(come(act, one.code, card(2))).rejects.toMatchObject(same);
    await come(act, three.code, { serial: '092', issuer: 'jpki-auth' });
    expect((await opened(act, 'P-1')).companions).toHaveLength(2);
  });

  test('codes that expired, were withdrawn or replaced open nothing', async () => {
    const act = await eventWith(family(1));
    const first = await offer(act, 'T-1-1', 'companion');
    const waiting = refusal('ERR_HANDOVER_WAITING');
    await expect(offer(act, 'T-1-1', 'companion')).rejects.toMatchObject(waiting);
    const second = await desks.invitations.code(act, first.handover.id, 2);
    const gone = refusal('ERR_VISITOR_CODE');
    await expect(come(act, first.code, card(3))).rejects.toMatchObject(gone);
    started.now += 3 * 3_600_000;
    try {
      await expect(come(act, second.code, card(3))).rejects.toMatchObject(gone);
    } finally {
      started.now -= 3 * 3_600_000;
    }
    await desks.invitations.withdraw(act, first.handover.id);
    await expect(come(act, second.code, card(3))).rejects.toMatchObject(gone);
    const over = refusal('ERR_HANDOVER_STATE');
    await expect(desks.invitations.withdraw(act, first.handover.id)).rejects.toMatchObject(over);
    await offer(act, 'T-1-1', 'companion');
  });
});

describe('a transfer', () => {
  test('the ticket is in a purchase of its own, as it was, and the next code gives it on', async () => {
    const admission = { from: '2026-12-20T16:00:00+09:00', until: '2026-12-20T20:00:00+09:00' };
    const tickets = [ticket('T-1-1', { admission }), ticket('T-1-2'), ticket('T-1-3')];
    const act = await eventWith(purchase(1, { tickets }));
    const { code, handover } = await offer(act, 'T-1-2', 'transfer');
    await come(act, code, card(4));
    const left = await opened(act, 'P-1');
    expect(numbers(left)).toEqual(['T-1-1', 'T-1-3']);
    const made = await opened(act, `handover-${handover.id}`);
    // What it had of the first ticket it says itself now.
    expect(made).toMatchObject({ status: 'paid', holder: card(4), tickets: [{ admission }] });
    const { evidenceId } = await desks.ledger.find(act, handover.id);
    expect(made.enrolment).toMatchObject({ evidenceId, method: 'authentication' });
    expect(await lastAction()).toMatchObject({ action: 'ticket.transferred' });
    const wanted = { purchaseId: made.purchaseId, ticketNo: 'T-1-2', kind: 'transfer' } as const;
    const next = await desks.invitations.offer(act, { ...wanted, hours: 1 });
    await come(act, next.code, card(5));
    expect((await opened(act, made.purchaseId)).status).toBe('cancelled');
  });

  test('tickets that enter together go together', async () => {
    const act = await eventWith(family(1));
    const { code, handover } = await offer(act, 'T-1-3', 'transfer');
    await come(act, code, card(6));
    expect(numbers(await opened(act, 'P-1'))).toEqual(['T-1-1']);
    expect(numbers(await opened(act, `handover-${handover.id}`))).toEqual(['T-1-2', 'T-1-3']);
  });

  test('what is not paid, is unknown or went in stays', async () => {
    const act = await eventWith(family(1, { status: 'pending' }));
    const not = refusal('ERR_HANDOVER_STATE');
    await expect(offer(act, 'T-1-1', 'transfer')).rejects.toMatchObject(not);
    const unknown = refusal('ERR_TICKET_UNKNOWN');
    await expect(offer(act, 'T-9', 'companion')).rejects.toMatchObject(unknown);
    const paid = await eventWith(family(1));
    const { code } = await offer(paid, 'T-1-1', 'transfer');
    gate.write({ tickets: [{ ticketNo: 'T-1-1', entry: 1 }] });
    expect((await started.upload(gate)).status).toBe(200);
    const entered = refusal('ERR_TICKET_ENTERED');
    await expect(come(paid, code, card(7))).rejects.toMatchObject(entered);
    await expect(offer(paid, 'T-1-1', 'companion')).rejects.toMatchObject(entered);
    const party = await desks.parties.of(asker, paid.event, 'P-1');
    expect(party.tickets.map((one) => one.entered)).toEqual([true, false, false]);
    // Taken back at the gate: it never went in.
    gate.act({ act: 'undo', tickets: [{ ticketNo: 'T-1-1', entry: 1 }] });
    await started.upload(gate);
    await come(paid, code, card(7));
  });
});

describe('a resale', () => {
  test('at once to a card that another purchase proved', async () => {
    const act = await eventWith(family(1), purchase(2, { status: 'pending' }));
    const to = { purchaseId: 'P-2' };
    const resale = { purchaseId: 'P-1', ticketNo: 'T-1-1', to };
    const { handover, code } = await desks.resales.resell(act, resale);
    expect([handover.state, code, requested]).toEqual(['done', undefined, ['resale']]);
    expect(handover.steps).toMatchObject([{ step: 'bound', askedAt: act.askedAt }]);
    const { holder } = purchase(2) as unknown as Purchase;
    expect(await opened(act, handover.toPurchaseId ?? '')).toMatchObject({ holder });
    expect(await lastAction()).toMatchObject({ action: 'ticket.resold' });
  });

  test('given back first: the old card is out, and a code or a buyer has the seat', async () => {
    const act = await eventWith(purchase(1), purchase(2));
    const resale = { purchaseId: 'P-1', ticketNo: 'T-1-1', hours: 1 };
    const { handover, code } = await desks.resales.resell(act, resale);
    expect((await opened(act, 'P-1')).status).toBe('cancelled');
    expect(await lastAction()).toMatchObject({ action: 'ticket.released' });
    await come(act, code, card(8));
    const after = await desks.ledger.find(act, handover.id);
    expect(after).toMatchObject({
      state: 'done',
      steps: [{ step: 'released' }, { step: 'bound' }],
    });
    const again = await desks.resales.resell(act, { purchaseId: 'P-2', ticketNo: 'T-2-1' });
    expect(again.code).toBeUndefined();
    const buyer = { purchaseId: after.toPurchaseId ?? '' };
    const bound = await desks.resales.bind(act, again.handover.id, buyer);
    expect(numbers(await opened(act, bound.toPurchaseId ?? ''))).toEqual(['T-2-1']);
  });

  test('of two at once one has the ticket; what was changed since it was seen is a conflict', async () => {
    const act = await eventWith(family(1));
    const resale = { purchaseId: 'P-1', ticketNo: 'T-1-1' };
    const both = await Promise.allSettled([
      desks.resales.resell(act, resale),
      desks.resales.resell(act, resale),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const { changeNo } = await book.open(asker, act.event, 'P-1');
    const other = { ...resale, ticketNo: 'T-1-2' };
    const stale = { ...act, expect: changeNo - 1 };
    const conflict = refusal('ERR_EDIT_CONFLICT');
    await expect(desks.resales.resell(stale, other)).rejects.toMatchObject(conflict);
    // An import brings the purchase as it was sold: what was done here stands.
    const id = await imported(started, person, act.event.id, feedOf(family(1)));
    expect(await ended(started, person, id)).toMatchObject({ unchanged: 1 });
    expect(numbers(await opened(act, 'P-1'))).toEqual(['T-1-2', 'T-1-3']);
  });
});

describe('evidence', () => {
  const given = {
    companion: (act: Act) => offer(act, 'T-1-1', 'companion'),
    transfer: (act: Act) => offer(act, 'T-1-1', 'transfer'),
    resale: (act: Act) =>
      desks.resales.resell(act, { purchaseId: 'P-1', ticketNo: 'T-1-1', hours: 1 }),
  };
  let auditor: SignedIn;
  beforeAll(async () => {
    auditor = await signedIn(started.stores, { name: 'auditor-1', role: 'auditor' });
  });

  test.each(['companion', 'transfer', 'resale'] as const)(
    'of a %s is kept, verified for auditors, and names nobody',
    async (kind) => {
      const act = await eventWith(family(1));
      const { code, handover } = await given[kind](act);
      await come(act, code, card(1));
      const path = `/api/v1/handovers/${handover.id}`;
      const shown = (await (await ask(started, person, 'GET', path)).json()) as {
        evidenceId: string;
        toPurchaseId?: string;
      };
      const { evidenceId, toPurchaseId: purchaseId = 'P-1' } = shown;
      const open = async (by: SignedIn, more: object = {}) => {
        const response = await ask(started, by, 'POST', `/api/v1/evidence/${evidenceId}`, more);
        return [response.status, await response.json()];
      };
      const held = { handoverId: handover.id, purchaseId, method: 'authentication' };
      expect(await open(auditor)).toMatchObject([200, held]);
      const { certificate } = comer;
      expect(await open(auditor, { certificate })).toMatchObject([
        200,
        { certificate: 'the-same' },
      ]);
      const subjects = expect.arrayContaining([evidenceId, handover.id]);
      expect(await lastAction()).toMatchObject({ action: 'evidence.opened', subjects });
      expect((await open(person))[0]).toBe(403);

      const origin = { by: asker.by, at: started.now };
      const kept = await started.stores.evidence.open(asker.scope, evidenceId, origin);
      const octets = seal.open(kept!.sealed, `evidence:${act.event.id}:${evidenceId}`);
      const der = Buffer.from(certificate, 'base64');
      expect(der.includes(NAMED)).toBe(true);
      for (const one of [...NAMED.split(', '), der.subarray(0, 32)]) {
        expect(Buffer.from(octets!).includes(one)).toBe(false);
        expect(Buffer.from(kept!.sealed).includes(one)).toBe(false);
      }
    },
  );

  test('of another handover does not hold', async () => {
    const act = await eventWith(family(1));
    const [one, other] = await Promise.all(
      ['T-1-1', 'T-1-2'].map((ticketNo) => offer(act, ticketNo, 'companion')),
    );
    await come(act, one?.code, card(1));
    const { evidenceId } = await desks.ledger.find(act, one!.handover.id);
    const { db } = started.database;
    await db.execute(`update handovers set evidence_id = null where evidence_id = '${evidenceId}'`);
    const to = other!.handover.id;
    await db.execute(`update handovers set evidence_id = '${evidenceId}' where id = '${to}'`);
    const path = `/api/v1/evidence/${evidenceId}`;
    const refused = await ask(started, auditor, 'POST', path, {});
    expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'ERR_EVIDENCE' }]);
  });

  test('stands on the page of the handover, for those who may open it', async () => {
    const act = await eventWith(family(1));
    const { code, handover } = await offer(act, 'T-1-1', 'companion');
    await come(act, code, card(1));
    const { evidenceId } = await desks.ledger.find(act, handover.id);
    const see = async ({ cookie }: SignedIn) => {
      const path = `/handovers/${handover.id}?lang=en`;
      return (await started.app.request(path, { headers: { cookie } })).text();
    };
    expect(await see(auditor)).toContain(evidenceId);
    expect(await see(person)).not.toContain(evidenceId);
    const fields = { evidence: evidenceId ?? '' };
    const opened = await (await submit(started, '/evidence?lang=en', fields, auditor)).text();
    expect(opened).toContain('The signature holds.');
    expect(opened).toContain(`href="/handovers/${handover.id}?lang=en"`);
  });
});

describe('in the archive', () => {
  test('nothing is handed over, and what waits may be withdrawn', async () => {
    const act = await eventWith(family(1), purchase(2), LINKED);
    const { code, handover } = await offer(act, 'T-1-1', 'transfer');
    const party = await desks.parties.code(act, 'P-1', 24);
    const at = { purchaseId: 'P-1', ticketNo: 'T-1-2' };
    const seat = await desks.resales.resell(act, { ...at, hours: 1 });
    const rules = { companions: true, transfer: true, until: started.now + 1000, feeYen: 0 };
    await started.stores.handoverRules.set(act.event, rules, { by: asker.by, at: started.now });
    const path = `/api/v1/events/${act.event.id}`;
    await ask(started, person, 'PATCH', path, { revision: 1, archived: true });
    requested = [];
    const { invitations, parties, resales } = desks;
    const to = { purchaseId: 'P-2' };
    // The act was begun with the event as it was before.
    for (const refused of [
      () => offer(act, 'T-1-1', 'companion'),
      () => offer(act, 'T-1-1', 'transfer'),
      () => invitations.code(act, handover.id, 1),
      () => invitations.unlink(act, 'P-3', 'T-3-2'),
      () => resales.resell(act, { purchaseId: 'P-2', ticketNo: 'T-2-1' }),
      () => resales.bind(act, seat.handover.id, to),
      () => parties.code(act, 'P-1', 24),
      () => parties.offer(party, { ...at, ticketNo: 'T-1-1', kind: 'companion', hours: 1 }),
      () => come(act, code, card(8)),
      () => come(act, seat.code, card(8)),
    ]) {
      const error = await refused().catch((thrown: unknown) => thrown);
      expect([refused, error]).toMatchObject([refused, { code: 'ERR_EVENT_ARCHIVED' }]);
    }
    // Nobody is asked for a PIN for nothing.
    const asked = await visit(started, '/api/public/requests', { code });
    expect(await asked.json()).toMatchObject({ code: 'ERR_EVENT_ARCHIVED' });
    expect(requested).toEqual([]);
    await invitations.withdraw(act, handover.id);
    const states = (await parties.own(party)).handovers.map(({ state }) => state);
    expect(states.sort()).toEqual(['waiting', 'withdrawn']);
    const page = await started.app.request(`/events/${act.event.id}/purchases/P-1?lang=en`, {
      headers: { cookie: person.cookie },
    });
    expect(await page.text()).not.toContain('/transfer');
  });
});

describe('the representative', () => {
  test('acts by the rules of the event, and withdraws what is theirs', async () => {
    const act = await eventWith(family(1));
    const { event } = act;
    const code = await desks.parties.code(act, 'P-1', 24);
    const wanted = { ticketNo: 'T-1-1', hours: 1 };
    const rules = refusal('ERR_HANDOVER_RULES');
    const giving = () => desks.parties.offer(code, { ...wanted, kind: 'transfer' });
    await expect(giving()).rejects.toMatchObject(rules);
    const { handoverRules } = started.stores;
    const allowed = { companions: false, transfer: true, until: started.now + 1000, feeYen: 500 };
    await handoverRules.set(event, allowed, { by: asker.by, at: started.now });
    expect(await giving()).toMatch(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){5}$/);
    await expect(desks.parties.offer(code, { ...wanted, kind: 'companion' })).rejects.toMatchObject(
      rules,
    );
    const own = await desks.parties.own(code);
    expect(own).toMatchObject({ rules: { feeYen: 500 }, handovers: [{ state: 'waiting' }] });
    await desks.parties.withdraw(code, own.handovers[0]!.id);
    const taken = await desks.resales.resell(act, { purchaseId: 'P-1', ticketNo: 'T-1-1' });
    await expect(desks.parties.withdraw(code, taken.handover.id)).rejects.toMatchObject(
      refusal('ERR_HANDOVER_UNKNOWN'),
    );
    await desks.parties.code(act, 'P-1', 24);
    await expect(desks.parties.own(code)).rejects.toMatchObject(refusal('ERR_VISITOR_CODE'));
  });
});

test('by the public API: each code opens what it is of, and nothing else', async () => {
  const act = await eventWith(family(1));
  const code = await desks.parties.code(act, 'P-1', 24);
  const rules = { companions: true, transfer: false, until: started.now + 3_600_000, feeYen: 0 };
  await started.stores.handoverRules.set(act.event, rules, { by: asker.by, at: started.now });
  const post = async (path: string, body: object) => {
    const response = await visit(started, `/api/public/${path}`, body);
    const text = await response.text();
    return [response.status, text === '' ? {} : JSON.parse(text)];
  };
  const unknown = [404, { code: 'ERR_VISITOR_CODE' }];
  const wanted = { code, ticketNo: 'T-1-1', kind: 'companion' };
  const [status, invited] = await post('parties/invitations', wanted);
  expect(status).toBe(201);
  const [, own] = await post('parties', { code });
  expect(own).toMatchObject({ state: 'paid', handovers: [{ ticketNos: ['T-1-1'] }] });
  expect(await post('parties', { code: invited.code })).toMatchObject(unknown);
  expect(await post('parties', { code: 'nonsense' })).toMatchObject(unknown);
  const handoverId = own.handovers[0].id;
  expect(await post('parties/withdrawals', { code, handoverId })).toEqual([204, {}]);
  const again = [409, { code: 'ERR_HANDOVER_STATE' }];
  expect(await post('parties/withdrawals', { code, handoverId })).toMatchObject(again);
  const notLinked = [409, { code: 'ERR_TICKET_NOT_LINKED' }];
  expect(await post('parties/unlinked', { code, ticketNo: 'T-1-1' })).toMatchObject(notLinked);
  expect(await post('requests', { code })).toMatchObject(unknown);
});

describe('the API', () => {
  test('a vendor does all of it with a key, and another vendor sees nothing', async () => {
    const act = await eventWith(family(1), purchase(2));
    const keyOf = async (by: SignedIn, of: string) => {
      const wanted = { vendorId: of, name: 'shop', scopes: KEY_SCOPES, days: 30 };
      const given = await ask(started, by, 'POST', '/api/v1/api-keys', wanted);
      return (await given.json()) as { key: string };
    };
    const key = await keyOf(person, vendorId);
    const at = `/api/v1/events/${act.event.id}`;
    const json = async (method: string, path: string, body?: object): Promise<Told> => {
      const response = await ask(started, key, method, path, body);
      return { status: response.status, ...((await response.json()) as Omit<Told, 'status'>) };
    };
    const invitation = { ticketNo: 'T-1-1', kind: 'companion' };
    const invited = await json('POST', `${at}/purchases/P-1/invitations`, invitation);
    expect(invited).toMatchObject({ status: 201, handover: { state: 'waiting' } });
    const path = `/api/v1/handovers/${invited.handover?.id}`;
    expect(await json('POST', `${path}/code`, {})).toMatchObject({ status: 201 });
    expect((await ask(started, key, 'POST', `${path}/withdraw`, {})).status).toBe(204);
    expect(await json('GET', path)).toMatchObject({ state: 'withdrawn', steps: [] });
    const party = await json('GET', `${at}/purchases/P-1/tickets`);
    expect(party).toMatchObject({ tickets: [{ ticketNo: 'T-1-1', card: 'holder' }, {}, {}] });
    const resale = { ticketNo: 'T-1-1', changeNo: party.changeNo, to: { purchaseId: 'P-2' } };
    const resold = await json('POST', `${at}/purchases/P-1/resales`, resale);
    expect(resold).toMatchObject({ status: 201, handover: { steps: [{ step: 'bound' }] } });
    expect(await json('POST', `${at}/purchases/P-1/resales`, resale)).toMatchObject({
      status: 409,
    });
    const listed = await json('GET', `${at}/handovers`);
    expect(listed).toMatchObject({ times: { count: 0 }, handovers: [{}, {}] });
    expect(JSON.stringify(listed)).not.toMatch(/sealed|ticketHash|T-1-1/);
    const rules = { companions: true, transfer: true, feeYen: 0 };
    expect((await ask(started, key, 'PUT', `${at}/handover-rules`, rules)).status).toBe(204);
    expect(await json('GET', `${at}/handover-rules`)).toMatchObject(rules);
    const late = { ...rules, until: '2027-01-01T00:00:00+09:00' };
    expect(await json('PUT', `${at}/handover-rules`, late)).toMatchObject({ status: 422 });

    const otherId = await newVendor(started.stores, 'other');
    const other = await signedIn(started.stores, { name: 'o', role: 'vendor', vendorId: otherId });
    const stranger = await keyOf(other, otherId);
    for (const [method, hidden] of [
      ['GET', path],
      ['POST', `${path}/withdraw`],
      ['POST', `${path}/code`],
      ['GET', `${at}/purchases/P-1/tickets`],
      ['GET', `${at}/handovers`],
    ] as const) {
      expect((await ask(started, stranger, method, hidden, {})).status).toBe(404);
    }
  });
});
