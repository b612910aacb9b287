import { createDisplay } from '@pinless-gate/gate-firmware/display/app';
import { DisplayBus, type DisplayState } from '@pinless-gate/gate-firmware/display/state';
import { afterEach, describe, expect, test } from 'vitest';

const bus = new DisplayBus({ state: 'idle' }, 2);
const chosen: string[] = [];
const app = createDisplay({
  bus,
  languages: ['ja', 'en'],
  defaultLanguage: 'ja',
  helpDesk: { ja: '右の「案内」へ' },
  ways: new Map([
    ['B', { arrow: 'right', text: { en: 'Gate B' } }],
    ['2F', { text: { en: 'Second floor' } }],
  ]),
  heartbeatMs: 20,
  choose: (language) => chosen.push(language),
});
afterEach(() => bus.show({ state: 'idle' }));

const page = async (state: DisplayState) => {
  bus.show(state);
  return (await app.request('/')).text();
};

describe('GET /', () => {
  test('complete without a script: says where to touch, in both languages', async () => {
    const html = await page({ state: 'idle' });
    expect(html).toMatch(/^<!doctype html><html lang="ja">/i);
    expect(html).toContain('カードをここにタッチしてください');
    expect(html).toContain('Touch your card here');
  });

  test('nothing inline, nothing from elsewhere, not cached', async () => {
    const response = await app.request('/');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await response.text();
    expect(html).not.toMatch(/ style=|<style|<script(?![^>]* src=)| on\w+=|https?:/);
  });

  test('a switch of languages where there are several', async () => {
    expect(await page({ state: 'idle' })).toContain('aria-pressed="true">日本語<');
    const alone = createDisplay({ bus, languages: ['en'], defaultLanguage: 'en' });
    expect(await (await alone.request('/')).text()).not.toContain('<button');
  });

  test.each([
    ['the zone leads before the gate', { zone: '2F' }, 'Second floor', 'Gate B'],
    ['the gate, where nothing is said of the zone', { zone: '9F' }, 'Gate B', 'Second floor'],
    [
      'words in another language, where there are none in the ticket’s',
      { language: 'ko' },
      'Gate B',
      'Second floor',
    ],
  ] as const)('the way: %s', async (_, more, said, unsaid) => {
    const html = await page({
      state: 'admitted',
      language: 'en',
      tickets: [{ seat: { gate: 'B' }, category: 'adult', place: 1 }],
      partySize: 1,
      ...more,
    });
    expect(html).toContain(said);
    expect(html).not.toContain(unsaid);
  });

  test('no way where the tickets lead through different gates', async () => {
    const tickets = ['B', 'C'].map((gate) => ({ seat: { gate }, category: 'adult', place: 1 }));
    const html = await page({ state: 'admitted', language: 'en', tickets, partySize: 2 });
    expect(html).not.toContain('class="way"');
  });

  test('text of the vendor is text', async () => {
    const seat = { gate: '<img src=x onerror=alert(1)>', block: '"&' };
    const html = await page({
      state: 'admitted',
      language: 'ja',
      tickets: [
        { seat, category: '<b>', place: 1 },
        { seat, category: '<b>', place: 2 },
      ],
      partySize: 2,
    });
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<b></');
    expect(html).toContain('&lt;img');
  });

  test.each([
    ['ja', 'ご入場ください', 'Please go in'],
    ['en', 'Please go in', 'ご入場ください'],
    ['ko', '입장해 주세요', 'ご入場ください'],
    ['zh', '请入场', 'ご入場ください'],
  ] as const)('%s ticket: its language first', async (language, first, second) => {
    const html = await page({
      state: 'admitted',
      language,
      tickets: [{ seat: { gate: 'B' }, category: 'adult', place: 1 }],
      partySize: 1,
    });
    expect(html.indexOf(first)).toBeGreaterThan(0);
    expect(html.indexOf(second)).toBeGreaterThan(html.indexOf(first));
  });

  test('refused: what to do, the code, and the venue’s own words for the help desk', async () => {
    const html = await page({
      state: 'refused',
      language: 'ja',
      reason: 'not-listed',
      code: 'K7-42',
    });
    for (const text of [
      '係員がご案内します',
      'K7-42',
      '右の「案内」へ',
      'Please come to the help desk',
    ]) {
      expect(html).toContain(text);
    }
    expect(html).not.toContain('not-listed');
  });

  test('refused, to be tried again here: nobody is sent away', async () => {
    const html = await page({
      state: 'refused',
      language: 'ja',
      reason: 'card-removed',
      code: 'K7-42',
    });
    expect(html).toContain('もう一度タッチしてください');
    expect(html).not.toContain('案内');
  });
});

describe('POST /display/language', () => {
  const post = (body: string, type = 'application/json') =>
    app.request('/display/language', { method: 'POST', body, headers: { 'content-type': type } });

  test('is told to the lane', async () => {
    chosen.length = 0;
    expect((await post('{"language":"ko"}')).status).toBe(204);
    expect(chosen).toEqual(['ko']);
  });

  test.each<[string, number, ...Parameters<typeof post>]>([
    ['a form of another page', 415, '{"language":"ko"}', 'text/plain'],
    ['a language that nobody writes', 400, '{"language":"fr"}'],
    ['more than was asked', 400, '{"language":"ko","state":"admitted"}'],
    ['no JSON', 400, 'ko'],
  ])('%s changes nothing', async (_, status, body, type) => {
    chosen.length = 0;
    expect((await post(body, type)).status).toBe(status);
    expect(chosen).toEqual([]);
  });
});

describe('GET /display/assets', () => {
  test.each([
    ['tokens.css', 'text/css'],
    ['font.css', 'text/css'],
    ['numbers.css', 'text/css'],
    ['display.css', 'text/css'],
    ['languages.css', 'text/css'],
    ['display.js', 'text/javascript'],
    ['sound.js', 'text/javascript'],
    ['files/noto-sans-jp-0-wght-normal.woff2', 'font/woff2'],
  ])('%s', async (name, type) => {
    const response = await app.request(`/display/assets/${name}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(type);
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
  });

  test.each([
    'package.json',
    'constructor',
    '..%2fdisplay.css',
    'files/..%2findex.css',
    'files/%2e%2e%2findex.css',
    'files/absent.woff2',
    'files/noto-sans-jp-0-wght-normal.woff2%00',
  ])('%s is no file of the page', async (name) => {
    expect((await app.request(`/display/assets/${name}`)).status).toBe(404);
  });
});

describe('GET /display/events', () => {
  test('the state now, each change, and a beat in between; a page that leaves is forgotten', async () => {
    bus.show({ state: 'hold', progress: 0.25 });
    const leave = new AbortController();
    const response = await app.request('/display/events', { signal: leave.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = eventsOf(response);

    expect(await events.next()).toMatchObject({
      event: 'state',
      data: { state: 'hold', progress: 0.25 },
    });
    expect(await events.next()).toMatchObject({ event: 'beat' });
    bus.show({ state: 'closed' });
    const next = await events.state();
    expect(next.data).toMatchObject({ state: 'closed' });
    expect(next.data.html).toContain('閉まっています');

    expect(bus.clients).toBe(1);
    await events.cancel();
    expect(bus.clients).toBe(0);
  });

  test('a page that lags gets the newest state, not a backlog', async () => {
    const response = await app.request('/display/events');
    const events = eventsOf(response);
    await events.next();
    for (let step = 0; step <= 1000; step++) bus.show({ state: 'hold', progress: step / 1000 });
    bus.show({ state: 'closed' });
    expect((await events.state()).data.state).toBe('closed');
    await events.cancel();
  });

  test('more pages than allowed', async () => {
    const open = await Promise.all([1, 2].map(() => app.request('/display/events')));
    expect((await app.request('/display/events')).status).toBe(503);
    await Promise.all(open.map((response) => eventsOf(response).cancel()));
    expect(bus.clients).toBe(0);
  });
});

interface Event {
  readonly event: string;
  readonly data: { readonly state?: string; readonly html?: string; readonly progress?: number };
}

function eventsOf(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Event> => {
    let end = text.indexOf('\n\n');
    while (end < 0) {
      const { value, done } = await reader.read();
      if (done) throw new Error('stream ended');
      text += value;
      end = text.indexOf('\n\n');
    }
    const fields = new Map(
      text
        .slice(0, end)
        .split('\n')
        .map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
        }),
    );
    text = text.slice(end + 2);
    return { event: fields.get('event') ?? '', data: JSON.parse(fields.get('data') || '{}') };
  };
  const state = async (): Promise<Event> => {
    for (;;) {
      const event = await next();
      if (event.event === 'state') return event;
    }
  };
  return { next, state, cancel: () => reader.cancel() };
}
