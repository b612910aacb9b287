import { MAX_LIVE_PAGES } from '@pinless-gate/issuer-console/app';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { GATE_A, startConsole, type TestConsole, TestGate } from '../fixture.ts';

let started: TestConsole;
let gate: TestGate;

beforeAll(async () => {
  started = await startConsole();
}, 60_000);
afterAll(() => started.close());
beforeEach(async () => {
  await started.clear();
  gate = new TestGate(GATE_A, 'A');
  await started.enrol(gate);
});

/** Reads server-sent events one by one. */
async function connect(path = '/live?lang=en') {
  const response = await started.see(path);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    async until(event: string, containing = ''): Promise<string> {
      for (;;) {
        for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
          const message = buffer.slice(0, end);
          buffer = buffer.slice(end + 2);
          if (message.includes(`event: ${event}`) && message.includes(containing)) return message;
        }
        const { done, value } = await reader.read();
        if (done) return 'ended';
        buffer += value;
      }
    },
    leave: () => reader.cancel(),
  };
}

describe('GET /live', () => {
  test('begins with every part, so that nothing between page and connection is lost', async () => {
    const live = await connect();
    expect(live.type).toBe('text/event-stream');
    for (const part of ['publication', 'counts', 'alarms', 'gates', 'taps']) {
      expect(await live.until(part)).toContain('data: <');
    }
    expect(await live.until('alarm-count')).toContain('data: 1 alarm');
    await live.leave();
  });

  test('sends the parts that changed', async () => {
    const live = await connect();
    await live.until('taps');
    gate.refuse('phone', { code: 'Q1-23' });
    await started.upload(gate);
    expect(await live.until('taps', 'Q1-23')).toContain('A phone was held up');
    await live.leave();
  });

  test('speaks the language of its page', async () => {
    const live = await connect('/live?lang=ja');
    expect(await live.until('alarms')).toContain('要対応');
    await live.leave();
  });

  test('no more pages than there may be, and a place is free again when one leaves', async () => {
    const pages = await Promise.all(Array.from({ length: MAX_LIVE_PAGES }, () => connect()));
    expect(pages.every(({ status }) => status === 200)).toBe(true);
    const refused = await started.see('/live');
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'ERR_LIVE_FULL' });
    await pages[0]!.leave();
    const next = await connect();
    expect(next.status).toBe(200);
    await Promise.all([next, ...pages.slice(1)].map((one) => one.leave()));
  });

  test('a database that fails for a while does not end the line', async () => {
    const live = await connect();
    await live.until('taps');
    await started.database.db.execute('alter table gates rename to elsewhere');
    await expect.poll(() => started.logged.join()).toContain('live page could not be read');
    await started.database.db.execute('alter table elsewhere rename to gates');
    gate.admit({ code: 'W1-11' });
    await started.upload(gate);
    expect(await live.until('taps', 'W1-11')).toContain('W1-11');
    await live.leave();
  });

  test('closing the console ends every line', async () => {
    const live = await connect();
    await live.until('taps');
    started.app.close();
    expect(await live.until('never')).toBe('ended');
    expect((await started.see('/live')).status).toBe(503);
  });
});
