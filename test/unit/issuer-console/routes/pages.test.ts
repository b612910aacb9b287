import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REFUSAL_REASONS, STAFF_TEXT } from '@pinless-gate/protocol/refusal';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  GATE_A,
  manifestOf,
  NOW,
  publish,
  startConsole,
  type TestConsole,
  TestGate,
} from '../fixture.ts';

let started: TestConsole;
let gate: TestGate;

beforeAll(async () => {
  started = await startConsole();
}, 60_000);
afterAll(() => started.close());
beforeEach(async () => {
  await started.clear();
  started.now = NOW;
  await publish(started.bundles);
  gate = new TestGate(GATE_A, 'A');
  await started.enrol(gate);
});

const get = (path: string, headers: Record<string, string> = {}) => started.see(path, headers);
const page = async (path = '/?lang=en') => {
  const text = await (await get(path)).text();
  // What a person reads: tags out, white space together.
  return text
    .slice(text.indexOf('<main'))
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
};

const POLICY = { gates: ['A'], toleranceS: 600, staleAfterS: 86_400, refuseAfterS: 259_200 };
const REVOCATION: [string, number | undefined, string][] = [
  ['checked in time', 3600, 'Nothing needs action'],
  ['checked a while ago', 3601, 'The last check of certificates is getting old'],
  ['checked too long ago', 7201, 'Certificates were last checked too long ago'],
  ['never checked', undefined, 'Certificates were last checked too long ago'],
];

describe('GET /, the list', () => {
  test('shows the passport as it is read aloud', async () => {
    const text = await page();
    expect(text).toMatch(/冬の音楽祭 2026 .*v14 .*49,812 cards .*2 min ago/);
    expect(text).toMatch(/ [2-9A-HJ-NP-Z]{3}-[2-9A-HJ-NP-Z]{3} /);
    expect(text).toContain('Nothing needs action');
  });

  test.each([
    ['expired', { expiresAt: NOW / 1000 }, 'The list has expired'],
    ['its last second', { expiresAt: NOW / 1000 + 1 }, 'Nothing needs action'],
    ['too old by policy', { issuedAt: NOW / 1000 - 259_200 }, 'The list has expired'],
    ['stale by policy', { issuedAt: NOW / 1000 - 86_400 }, 'The list is getting old'],
    ['one second before stale', { issuedAt: NOW / 1000 - 86_399 }, 'Nothing needs action'],
    ...REVOCATION.map(([name, checkedAgo, says]): [string, object, string] => [
      name,
      {
        revocationCheckedAt: checkedAgo && NOW / 1000 - checkedAgo,
        policy: { ...POLICY, revocationStaleAfterS: 3600, revocationRefuseAfterS: 7200 },
      },
      says,
    ]),
    ['before its time', { notBefore: NOW / 1000 + 1 }, 'Not yet valid'],
  ])('%s', async (_, more, says) => {
    await publish(started.bundles, manifestOf(more));
    expect(await page()).toContain(says);
  });

  test.each([
    ['latest that names nothing', 'latest', 'nonsense', 'ERR_BUNDLE_LATEST'],
    [
      'a manifest that is missing',
      'latest',
      `pinless-gate/latest/1 ${'0'.repeat(64)}\n`,
      'ERR_BUNDLE_MISSING',
    ],
    ['latest that is too long', 'latest', ' '.repeat(1000), 'ERR_BUNDLE_LENGTH'],
  ])('%s is an alarm, not a fault', async (_, file, content, code) => {
    await writeFile(join(started.bundles, file), content);
    expect(await page()).toContain(`The published list cannot be read [${code}]`);
  });

  test('a manifest with one changed octet is not shown', async () => {
    const name = await publish(started.bundles, manifestOf({ version: 99 }));
    await writeFile(join(started.bundles, name), 'changed');
    const text = await page();
    expect(text).toContain('ERR_BUNDLE_HASH');
    expect(text).not.toContain('v99');
  });
});

describe('GET /, gates and taps', () => {
  test('adds the gates up', async () => {
    gate.admit({ tickets: [1, 2, 3].map((n) => ({ ticketNo: `T-${n}`, entry: 1 })) });
    gate.refuse();
    await started.upload(gate);
    expect(await page()).toMatch(/3 people Admitted 1 tap Refused 1 tap/);
  });

  test.each(['ja', 'en'] as const)('every refusal is in words, %s', async (language) => {
    for (const reason of REFUSAL_REASONS) gate.refuse(reason);
    await started.upload(gate);
    const html = await (await get(`/?lang=${language}`)).text();
    for (const reason of REFUSAL_REASONS) {
      const { what, next } = STAFF_TEXT[reason][language];
      expect(html).toContain(what.replace("'", '&#39;'));
      expect(html).toContain(next.replace("'", '&#39;'));
    }
  });

  test.each(['a-reason-of-tomorrow', 'constructor', '__proto__', 'toString'])(
    'a reason that is not known shows as it is: %s',
    async (reason) => {
      gate.refuse(reason);
      await started.upload(gate);
      expect(await page()).toContain(reason);
    },
  );

  test('shows 50 taps, the newest first', async () => {
    for (let i = 1; i <= 60; i++) gate.admit({ at: NOW - 100_000 + i, code: `C-${i}` });
    await started.upload(gate);
    const codes = (await page()).match(/C-\d+/g);
    expect(codes).toHaveLength(50);
    expect(codes?.[0]).toBe('C-60');
    expect(codes?.at(-1)).toBe('C-11');
  });

  test('shows who did what by hand, and why; no ticket', async () => {
    gate.act({ act: 'block', ticketNo: 'T-SECRET-1', reason: 'lost <b>card</b>' });
    await started.upload(gate);
    const html = await (await get('/?lang=en')).text();
    expect(html).toContain('Blocked a ticket');
    expect(html).toContain('sato (lead)');
    expect(html).toContain('lost &lt;b&gt;card&lt;/b&gt;');
    expect(html).not.toContain('T-SECRET-1');
  });

  test('a tap of another day carries its date', async () => {
    gate.admit({ at: NOW - 86_400_000 });
    await started.upload(gate);
    expect(await page()).toContain('19/12 18:04:05');
  });

  test('times are of the zone that the page names once', async () => {
    gate.admit({ at: NOW });
    await started.upload(gate);
    const text = await page();
    expect(text).toContain('18:04:05');
    expect(text.match(/Asia\/Tokyo/g)).toHaveLength(1);
  });
});

describe('GET /, silence', () => {
  beforeEach(async () => {
    gate.admit();
    await started.upload(gate);
  });

  test.each([
    [299_999, 'Running', 'Nothing needs action'],
    [300_000, 'Silent', 'A: no word from this gate'],
  ])('after %i ms', async (ms, state, says) => {
    started.now = NOW + ms;
    const text = await page();
    expect(text).toContain(state);
    expect(text).toContain(says);
  });

  test('a gate that was stopped may be silent', async () => {
    gate.write({ kind: 'stop' });
    await started.upload(gate);
    started.now = NOW + 3_600_000;
    const text = await page();
    expect(text).toContain('Stopped');
    expect(text).toContain('Nothing needs action');
  });

  test('an upload without entries ends the silence', async () => {
    started.now = NOW + 3_600_000;
    await started.upload(gate, []);
    expect(await page()).toContain('Nothing needs action');
  });
});

describe('GET /, language', () => {
  test.each([
    ['/', 'en-GB,en;q=0.9', 'en'],
    ['/', 'ja', 'ja'],
    ['/', 'fr', 'ja'],
    ['/', '', 'ja'],
    ['/', 'en;q=0.1, ja;q=0.2', 'ja'],
    ['/?lang=en', 'ja', 'en'],
    ['/?lang=ja', 'en', 'ja'],
    ['/?lang=xx', 'en', 'en'],
    ['/?lang=%3Cscript%3E', 'en', 'en'],
  ])('%s with %s', async (path, accept, language) => {
    const response = await get(path, { 'accept-language': accept });
    expect(response.headers.get('content-language')).toBe(language);
    expect(response.headers.get('vary')).toContain('accept-language');
    expect(await response.text()).toMatch(new RegExp(`^<!DOCTYPE html><html lang="${language}">`));
  });
});

describe('every answer', () => {
  test.each(['/', '/healthz', '/nothing', '/bundle/latest', '/metrics'])(
    '%s is held to this origin and sets no cookie',
    async (path) => {
      const { headers } = await get(path);
      const policy = headers.get('content-security-policy');
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|data:|\*/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('set-cookie')).toBeNull();
    },
  );

  test.each(['evil.example', '192.0.2.1', '127.0.0.1.evil.example', 'localhost.evil', '[::2]'])(
    'a name that is not ours (%s) is sent away',
    async (host) => {
      const response = await started.app.request(`http://${host}/`);
      expect(response.status).toBe(421);
    },
  );

  test.each(['127.0.0.1:8470', 'localhost', '[::1]:1', '127.8.9.1'])('%s is ours', async (host) => {
    expect((await started.app.request(`http://${host}/healthz`)).status).toBe(200);
  });

  test('what a gate or a vendor writes is text', async () => {
    const nasty = '"><script>alert(1)</script>';
    const event = { name: nasty, place: nasty, startsAt: NOW / 1000 };
    await publish(started.bundles, manifestOf({ event }));
    await started.enrol(new TestGate('9'.repeat(32), nasty));
    gate.refuse(nasty, { code: nasty });
    await started.upload(gate);
    expect(await (await get('/')).text()).not.toContain('<script>alert');
  });

  test('a page that is not there is a page, an API that is not there is a problem', async () => {
    const html = await get('/nothing', { accept: 'text/html', 'accept-language': 'en' });
    expect([html.status, await html.text()]).toEqual([
      404,
      expect.stringContaining('There is no such page'),
    ]);
    const api = await get('/api/nothing');
    expect(await api.json()).toMatchObject({ status: 404, code: 'ERR_HTTP_NOT_FOUND' });
  });
});

describe('GET /assets', () => {
  test('what the page names is there, and may be kept for ever', async () => {
    const html = await (await get('/')).text();
    const paths = [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(new Set(paths).size).toBe(5);
    for (const path of paths) {
      const { status, headers } = await get(path);
      expect([status, headers.get('cache-control')]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ]);
    }
  });

  test('the fonts that the style names are there', async () => {
    const html = await (await get('/')).text();
    const [, prefix] = /href="(\/assets\/[0-9a-f]+)\/fonts/.exec(html)!;
    const css = await (await get(`${prefix}/fonts/index.css`)).text();
    const [, file] = /url\(\.\/(files\/[^)]+)\)/.exec(css)!;
    expect((await get(`${prefix}/fonts/${file}`)).headers.get('content-type')).toBe('font/woff2');
    for (const name of ['x', '..%2findex.css', 'noto-sans-jp-9999-wght-normal.woff2']) {
      expect((await get(`${prefix}/fonts/files/${name}`)).status).toBe(404);
    }
    for (const name of ['package.json', '..%2f..%2fpackage.json', 'constructor', '__proto__']) {
      expect((await get(`${prefix}/${name}`)).status).toBe(404);
    }
  });
});

describe('GET /metrics, /healthz, /readyz', () => {
  test('count what was received', async () => {
    gate.admit();
    gate.refuse('phone');
    gate.refuse('a-reason-of-tomorrow');
    await started.upload(gate);
    const text = await (await get('/metrics')).text();
    expect(text).toMatch(/pinless_console_taps_total\{outcome="refused",reason="phone"\} \d/);
    expect(text).toMatch(/reason="other"/);
    expect(text).not.toContain('tomorrow');
    expect(text).toContain(`pinless_console_gate_journal_sequence{gate="${GATE_A}"} 3`);
    expect(text).toContain('pinless_console_list_version 14');
  });

  test('alive and ready', async () => {
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
  });

  test('alive but not ready without its tables', async () => {
    await started.database.db.execute('alter table gates rename to elsewhere');
    try {
      expect((await get('/readyz')).status).toBe(503);
      expect((await get('/healthz')).status).toBe(200);
    } finally {
      await started.database.db.execute('alter table elsewhere rename to gates');
    }
  });
});

describe('GET /rules', () => {
  test('says the policy of the newest list in the language of the page', async () => {
    const rules = [{ categories: ['pass'], entriesPerDay: 1 }];
    const policy = { ...POLICY, timeZone: 'Asia/Tokyo', rules };
    await publish(started.bundles, manifestOf({ policy }));
    const english = await page('/rules?lang=en');
    expect(english).toMatch(/As signed with list v14, [2-9A-HJ-NP-Z]{3}-[2-9A-HJ-NP-Z]{3}/);
    expect(english).toContain('For tickets of pass: may enter once a day.');
    const japanese = await page('/rules?lang=ja');
    expect(japanese).toContain('passの券は、1日に1回まで入場できます。');
  });

  test('without a list says so', async () => {
    await rm(join(started.bundles, 'latest'));
    expect(await page('/rules?lang=en')).toContain('There is no list yet');
  });
});

describe('GET /gates/receipt-check.html', () => {
  test('is a file to save, with the keys of the gates', async () => {
    const response = await get('/gates/receipt-check.html');
    expect(response.headers.get('content-disposition')).toContain('attachment');
    const key = Buffer.from(gate.gate.deviceKey).toString('base64');
    expect(await response.text()).toContain(`{"name":"A","key":"${key}"}`);
    expect(await (await get('/gates?lang=en')).text()).toContain('/gates/receipt-check.html');
  });
});
