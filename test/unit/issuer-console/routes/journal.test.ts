import { enrolmentStore } from '@pinless-gate/issuer-console/store/enrolment';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import { encodeJournalUpload, JOURNAL_UPLOAD_TYPE } from '@pinless-gate/protocol/fleet';
import {
  formatGateCredential,
  type GateCredential,
  MAX_CLOCK_SKEW_MS,
} from '@pinless-gate/protocol/gate-request';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TEST_ORIGIN } from '../accounts.ts';
import { GATE_A, GATE_B, NOW, startConsole, type TestConsole, TestGate } from '../fixture.ts';

let started: TestConsole;
let gate: TestGate;

beforeAll(async () => {
  started = await startConsole();
}, 60_000);
afterAll(() => started.close());
beforeEach(async () => {
  await started.clear();
  started.now = NOW;
  gate = new TestGate(GATE_A, 'A');
  await started.enrol(gate);
});

const problem = async (response: Response) => {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const { code, sequence, held, at } = (await response.json()) as Record<string, unknown>;
  // A conflict has no `sequence`: the gate would send from there again, for ever.
  expect(sequence === undefined).toBe(code !== 'ERR_JOURNAL_GAP');
  return [response.status, code, sequence ?? held, at].filter((value) => value !== undefined);
};
const post = (init: RequestInit) => started.app.request('/api/journal', init);
const held = async () => {
  const { rows } = (await started.database.db.execute(
    'select sequence::int as sequence, raw from journal_entries order by sequence',
  )) as unknown as { rows: { sequence: number; raw: Uint8Array }[] };
  return rows;
};
const counters = async () => {
  const { rows } = (await started.database.db.execute(
    'select admitted::int, refused::int, people::int, last_sequence::int as sequence from gates',
  )) as unknown as { rows: Record<string, number>[] };
  return rows[0];
};

describe('POST /api/journal', () => {
  test('keeps every entry as it was sent', async () => {
    gate.write({ kind: 'start' });
    gate.admit();
    gate.refuse();
    const response = await started.upload(gate);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ sequence: 3 });
    expect((await held()).map(({ raw }) => Buffer.from(raw).toString('hex'))).toEqual(
      gate.entries.map((entry) => Buffer.from(entry).toString('hex')),
    );
    expect(await counters()).toEqual({ admitted: 1, refused: 1, people: 1, sequence: 3 });
  });

  test('who entered: with acts of staff, less what was given back; no rehearsal, no way out', async () => {
    const tickets = [1, 2].map((n) => ({ ticketNo: `T-${n}`, entry: 1 }));
    gate.admit({ tickets });
    gate.admit({ mode: 'rehearsal' });
    gate.admit({ direction: 'out' });
    gate.refuse('not-listed', { mode: 'rehearsal' });
    gate.act({ act: 'override', tickets });
    gate.act({ act: 'undo', of: 5, tickets: tickets.slice(1) });
    gate.act({ act: 'mode', detail: 'closed' });
    const passage = {
      kind: 'passage',
      direction: 'in',
      people: 1,
      tickets: tickets.slice(1),
    } as const;
    gate.write({ ...passage, outcome: 'annulled', of: 1 });
    gate.write({ ...passage, outcome: 'passed', of: 1 });
    expect((await started.upload(gate)).status).toBe(200);
    expect(await counters()).toMatchObject({ admitted: 2, refused: 0, people: 2 + 2 - 1 - 1 });
  });

  test('the same upload again changes nothing', async () => {
    gate.admit();
    gate.admit();
    await started.upload(gate);
    const again = await started.upload(gate);
    expect([again.status, await again.json()]).toEqual([200, { sequence: 2 }]);
    expect(await counters()).toEqual({ admitted: 2, refused: 0, people: 2, sequence: 2 });
  });

  test('an upload that overlaps adds what is new', async () => {
    for (let i = 0; i < 5; i++) gate.admit();
    await started.upload(gate, gate.entries.slice(0, 3));
    const next = await started.upload(gate, gate.entries.slice(1));
    expect(await next.json()).toEqual({ sequence: 5 });
    expect(await counters()).toMatchObject({ admitted: 5, sequence: 5 });
  });

  test('an old upload in the middle of what is held is known', async () => {
    for (let i = 0; i < 5; i++) gate.admit();
    await started.upload(gate);
    const old = await started.upload(gate, gate.entries.slice(1, 3));
    expect([old.status, await old.json()]).toEqual([200, { sequence: 5 }]);
  });

  test('an upload without entries tells how far the console is', async () => {
    gate.admit();
    await started.upload(gate);
    expect(await (await started.upload(gate, [])).json()).toEqual({ sequence: 1 });
  });

  test('the largest upload is taken whole', async () => {
    for (let i = 0; i < 256; i++) gate.admit();
    expect(await (await started.upload(gate)).json()).toEqual({ sequence: 256 });
  });

  test('two uploads at once do not double', async () => {
    for (let i = 0; i < 20; i++) gate.admit();
    const answers = await Promise.all(
      [gate.entries.slice(0, 12), gate.entries, gate.entries.slice(0, 5), gate.entries].map(
        (entries) => started.upload(gate, entries),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await counters()).toEqual({ admitted: 20, refused: 0, people: 20, sequence: 20 });
    expect(await held()).toHaveLength(20);
  });

  test('two gates do not mix', async () => {
    const other = new TestGate(GATE_B, 'B');
    await started.enrol(other);
    gate.admit();
    other.admit();
    other.refuse();
    await Promise.all([started.upload(gate), started.upload(other)]);
    expect(await held()).toHaveLength(3);
  });
});

describe('POST /api/journal, entries out of place', () => {
  test('a gap is answered with the last entry held', async () => {
    for (let i = 0; i < 4; i++) gate.admit();
    await started.upload(gate, gate.entries.slice(0, 2));
    const response = await started.upload(gate, gate.entries.slice(3));
    expect(await problem(response)).toEqual([409, 'ERR_JOURNAL_GAP', 2]);
    expect(await held()).toHaveLength(2);
  });

  test('a gap at the very beginning is answered with 0', async () => {
    gate.admit();
    gate.admit();
    const response = await started.upload(gate, gate.entries.slice(1));
    expect(await problem(response)).toEqual([409, 'ERR_JOURNAL_GAP', 0]);
  });

  test('another entry under a number that is held is a conflict', async () => {
    gate.admit();
    gate.admit();
    await started.upload(gate);
    const forked = forkOf(gate);
    forked.admit();
    forked.refuse();
    const response = await post(gate.uploadBody(uploadOf(forked)));
    expect(await problem(response)).toEqual([409, 'ERR_JOURNAL_CONFLICT', 2, 2]);
    expect(await counters()).toMatchObject({ admitted: 2, refused: 0 });
  });

  test('an entry that does not follow the one held is a conflict, and nothing of it is kept', async () => {
    gate.admit();
    gate.admit();
    await started.upload(gate);
    const forked = forkOf(gate);
    forked.refuse();
    forked.refuse();
    forked.admit();
    const response = await post(gate.uploadBody(uploadOf(forked, 2)));
    expect(await problem(response)).toEqual([409, 'ERR_JOURNAL_CONFLICT', 2, 3]);
    expect(await held()).toHaveLength(2);
  });

  test('a break in the middle of an upload keeps none of it', async () => {
    const forked = forkOf(gate);
    forked.refuse();
    forked.refuse();
    gate.admit();
    const entries = [...gate.entries, forked.entries[1]!];
    expect(await problem(await started.upload(gate, entries))).toEqual([
      409,
      'ERR_JOURNAL_CONFLICT',
      0,
      2,
    ]);
    expect(await held()).toHaveLength(0);
  });

  test('the first conflict is remembered and shown, and honest entries are still received', async () => {
    gate.admit();
    await started.upload(gate);
    const forked = forkOf(gate);
    forked.refuse();
    await post(gate.uploadBody(uploadOf(forked)));
    gate.admit();
    expect((await started.upload(gate)).status).toBe(200);
    const page = await (await started.see('/?lang=en')).text();
    expect(page).toContain('A: journal differs from what it sent before (from entry 1)');
    expect(started.logged.join()).toContain('journal conflict');
  });
});

describe('POST /api/journal, who may', () => {
  const denied = [403, 'ERR_GATE_DENIED'];

  test('a gate that is not enrolled is refused', async () => {
    const stranger = new TestGate(GATE_B, 'B');
    stranger.admit();
    expect(await problem(await started.upload(stranger))).toEqual(denied);
  });

  test('a signature by another key is refused, and nothing is kept', async () => {
    const thief = new TestGate(GATE_A, 'A');
    thief.admit();
    expect(await problem(await started.upload(thief))).toEqual(denied);
    expect(await held()).toHaveLength(0);
  });

  test('one changed octet is refused', async () => {
    gate.admit({ code: 'AAAA' });
    const init = gate.upload();
    const body = Buffer.from(init.body as Buffer);
    const place = body.indexOf('AAAA');
    body[place] = 0x42;
    expect(await problem(await post({ ...init, body }))).toEqual(denied);
  });

  const signed = (authorization: string | undefined): RequestInit => {
    const { authorization: own, ...headers } = gate.upload().headers as Record<string, string>;
    return {
      ...gate.upload(),
      headers: authorization === undefined ? headers : { ...headers, authorization },
    };
  };
  const credential = (more: Partial<GateCredential>) =>
    formatGateCredential({
      gateId: gate.id,
      at: NOW,
      nonce: new Uint8Array(16),
      signature: new Uint8Array(64),
      ...more,
    });

  test.each([
    ['no credential', () => undefined],
    ['an empty one', () => ''],
    ['one of another scheme', () => 'Basic Z2F0ZTpnYXRl'],
    ['one that is no base64', () => 'PinlessGate ?'],
    ['one that is nothing', () => 'PinlessGate AAAA'],
    ['64 zeros as signature', () => credential({})],
    ['one without end', () => `PinlessGate ${'A'.repeat(4096)}`],
    ['one for another path', () => gate.authorization('POST', '/api/other', body())],
    ['one for another method', () => gate.authorization('PUT', '/api/journal', body())],
    ['one for another body', () => gate.authorization('POST', '/api/journal', new Uint8Array(1))],
  ])('%s is refused', async (_, authorization) => {
    gate.admit();
    expect(await problem(await post(signed(authorization())))).toEqual(denied);
  });
  const body = () => new Uint8Array(gate.upload().body as Buffer);

  test('a gate uploads only its own journal', async () => {
    const other = new TestGate(GATE_B, 'B');
    await started.enrol(other);
    other.admit();
    const theirs = encodeJournalUpload({ gateId: other.id, entries: other.entries });
    expect(await problem(await post(gate.uploadBody(theirs)))).toEqual(denied);
    expect(await held()).toHaveLength(0);
  });

  test('the same request again is refused, and names no gate as alive', async () => {
    const init = gate.upload([]);
    expect((await post(init)).status).toBe(200);
    started.now += 60_000;
    expect(await problem(await post(init))).toEqual([403, 'ERR_GATE_REPLAYED']);
    const page = await (await started.see('/?lang=en')).text();
    expect(page).toContain('1 min ago');
  });

  test.each([
    ['just within', MAX_CLOCK_SKEW_MS, 200],
    ['beyond', MAX_CLOCK_SKEW_MS + 1, 403],
  ])('clocks %s what is allowed', async (_, apart, status) => {
    for (const at of [NOW - apart, NOW + apart]) {
      const response = await post(gate.upload([], { at }));
      expect(response.status).toBe(status);
      if (status === 403) expect(await problem(response)).toEqual([403, 'ERR_GATE_CLOCK']);
    }
  });

  test('a request that was taken stays taken for as long as its clock would let it pass', async () => {
    const early = gate.upload([], { at: NOW + MAX_CLOCK_SKEW_MS });
    expect((await post(early)).status).toBe(200);
    started.now = NOW + 2 * MAX_CLOCK_SKEW_MS;
    expect((await post(gate.upload([], { at: started.now }))).status).toBe(200);
    expect(await problem(await post(early))).toEqual([403, 'ERR_GATE_REPLAYED']);
    started.now = NOW + 2 * MAX_CLOCK_SKEW_MS + 1;
    expect(await problem(await post(early))).toEqual([403, 'ERR_GATE_CLOCK']);
  });

  test('a revoked gate is told so, and nothing of it is kept', async () => {
    gate.admit();
    expect(await revoke(GATE_A)).toBe('revoked');
    expect(await problem(await started.upload(gate))).toEqual([403, 'ERR_GATE_REVOKED']);
    const thief = new TestGate(GATE_A, 'A');
    expect(await problem(await started.upload(thief))).toEqual(denied);
    expect(await held()).toHaveLength(0);
  });
  const revoke = (id: string) => enrolmentStore(started.database.db).revoke(id, TEST_ORIGIN);
});

describe('POST /api/journal, form', () => {
  test.each([
    ['no type', undefined],
    ['JSON', 'application/json'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['plain text, as a page elsewhere could send', 'text/plain'],
  ])('%s is refused', async (_, type) => {
    gate.admit();
    const init = gate.upload();
    const headers = new Headers(init.headers);
    headers.delete('content-type');
    if (type) headers.set('content-type', type);
    expect(await problem(await post({ ...init, headers }))).toEqual([415, 'ERR_HTTP_CONTENT_TYPE']);
  });

  test.each([
    ['nothing', Buffer.alloc(0), 'ERR_CBOR'],
    ['noise', Buffer.from('hello'), 'ERR_CBOR'],
    ['another version', encodeCbor({ version: 2 }), 'ERR_UPLOAD_VERSION'],
    ['a list', encodeCbor([1]), 'ERR_CBOR_TYPE'],
    [
      'a short gate id',
      encodeCbor({ version: 1, gateId: new Uint8Array(15), entries: [] }),
      'ERR_CBOR_TYPE',
    ],
    ['100,000 lists in one another', Buffer.alloc(100_000, 0x81), 'ERR_CBOR'],
  ])('%s is refused', async (_, body, code) => {
    expect(await problem(await post(gate.uploadBody(body)))).toEqual([400, code]);
  });

  test('every prefix of an upload is refused', async () => {
    gate.admit();
    const body = gate.upload().body as Buffer;
    for (let length = 0; length < body.length; length += 7) {
      const { status } = await post(gate.uploadBody(body.subarray(0, length)));
      expect(status).toBe(400);
    }
  });

  test('more entries than an upload may have are refused', async () => {
    for (let i = 0; i < 257; i++) gate.admit();
    expect(await problem(await started.upload(gate))).toEqual([400, 'ERR_UPLOAD_LENGTH']);
  });

  test.each([
    [
      'an entry of another gate',
      (g: TestGate) => g.admit({ gateId: new Uint8Array(16) }),
      'ERR_UPLOAD_GATE',
    ],
    [
      'a word with a NUL, which SQL cannot hold',
      (g: TestGate) => g.refuse('a\0b'),
      'ERR_UPLOAD_TEXT',
    ],
    ['a word too long', (g: TestGate) => g.admit({ code: 'A'.repeat(65) }), 'ERR_UPLOAD_TEXT'],
    [
      'a time after the year 9999',
      (g: TestGate) => g.admit({ at: 253_402_300_800_000 }),
      'ERR_UPLOAD_TIME',
    ],
    ['entry 0', (g: TestGate) => g.admit({ sequence: 0 }), 'ERR_UPLOAD_ORDER'],
  ])('%s is refused', async (_, write, code) => {
    write(gate);
    expect(await problem(await started.upload(gate))).toEqual([400, code]);
  });

  test('entries in another order are refused', async () => {
    gate.admit();
    gate.admit();
    const response = await started.upload(gate, [...gate.entries].reverse());
    expect(await problem(response)).toEqual([400, 'ERR_UPLOAD_ORDER']);
  });

  test.each([
    ['one octet', 1024 * 1024 + 1],
    ['ten times', 10 * 1024 * 1024],
  ])('over the limit by %s is refused unread', async (_, length) => {
    const init = gate.uploadBody(Buffer.alloc(length));
    expect(await problem(await post(init))).toEqual([413, 'ERR_HTTP_TOO_LARGE']);
  });

  test('a body without a length is cut at the limit', async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const headers = { 'content-type': JOURNAL_UPLOAD_TYPE };
    const init = { method: 'POST', body: endless, duplex: 'half', headers } as RequestInit;
    expect(await problem(await post(init))).toEqual([413, 'ERR_HTTP_TOO_LARGE']);
    expect(sent).toBeLessThan(2 * 1024 * 1024);
  });

  test('extreme numbers that the format allows are kept', async () => {
    gate.admit({ at: 253_402_300_799_999, steps: { total: Number.MAX_SAFE_INTEGER } });
    gate.admit({ at: 0, steps: {} });
    gate.admit({ steps: { a: Number.MAX_SAFE_INTEGER, b: Number.MAX_SAFE_INTEGER } });
    expect((await started.upload(gate)).status).toBe(200);
    expect((await started.see('/')).status).toBe(200);
  });
});

describe('what may never be told', () => {
  test('a database that fails says neither query nor values', async () => {
    gate.admit();
    await started.database.db.execute('alter table journal_entries rename to elsewhere');
    try {
      const response = await started.upload(gate);
      const text = await response.text();
      expect(response.status).toBe(500);
      expect(JSON.parse(text)).toMatchObject({ code: 'ERR_STORE_QUERY' });
      for (const told of [text, started.logged.join()]) {
        expect(told).not.toMatch(/insert|params|T-SECRET|journal_entries/);
      }
    } finally {
      await started.database.db.execute('alter table elsewhere rename to journal_entries');
    }
  });

  test('ticket numbers and conversion values show nowhere', async () => {
    const conversionValue = new Uint8Array(16).fill(0xab);
    gate.admit({ conversionValue });
    await started.upload(gate);
    started.now = NOW + 1;
    const paths = ['/', '/metrics', '/readyz'];
    const answers = await Promise.all(paths.map(async (path) => (await started.see(path)).text()));
    expect(answers.join() + started.logged.join()).not.toMatch(/T-SECRET|abababab/);
  });
});

/** A second journal of the same gate, from the beginning: what tampering looks like. */
function forkOf({ gate: { id, name } }: TestGate): TestGate {
  return new TestGate(id, name);
}

function uploadOf(forked: TestGate, from = 0): Uint8Array {
  return encodeJournalUpload({ gateId: forked.id, entries: forked.entries.slice(from) });
}
