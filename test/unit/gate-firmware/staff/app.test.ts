import { createStaffApp } from '@pinless-gate/gate-firmware/staff/app';
import { Operators } from '@pinless-gate/gate-firmware/staff/operators';
import type { OperatorRow } from '@pinless-gate/gate-firmware/staff/operators-file';
import { hashPin } from '@pinless-gate/gate-firmware/staff/pin';
import { Sessions } from '@pinless-gate/gate-firmware/staff/sessions';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CODE, Desk } from './rig.ts';

const PIN = '314159-x';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
let rows: OperatorRow[];
let pin: string;

beforeAll(async () => {
  pin = await hashPin(PIN);
});
beforeEach(() => {
  rows = [
    { id: 'sato', role: 'lead', pin, disabled: false },
    { id: 'abe', role: 'auditor', pin, disabled: false },
  ];
});

function serve() {
  const desk = new Desk();
  const app = createStaffApp({
    board: desk.board,
    acts: desk.acts,
    operators: new Operators({
      read: async () => rows,
      monotonic: () => 0,
      onRefused: () => undefined,
    }),
    sessions: new Sessions(() => 0, 1000),
    proofs: ['passport'],
  });
  const send = (path: string, body: Record<string, string>, cookie = '') =>
    app.request(path, {
      method: 'POST',
      headers: { ...FORM, cookie },
      body: new URLSearchParams(body).toString(),
    });
  const signIn = async (operator: string) => {
    const answer = await send('/staff/sign-in', { operator, pin: PIN });
    expect(answer.status).toBe(303);
    const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
    const show = async (query = '') =>
      (await app.request(`/staff${query}`, { headers: { cookie } })).text();
    const csrf = /name="csrf" value="([^"]+)"/.exec(await show())?.[1] ?? '';
    return { cookie, csrf, show };
  };
  return { desk, app, send, signIn };
}

describe('the staff page', () => {
  test('shows nothing of the lane before somebody signs in', async () => {
    const { desk, app } = serve();
    desk.refused(['T-1']);
    const answer = await app.request('/staff');
    const html = await answer.text();
    expect(html).toContain('name="pin"');
    expect(html).not.toContain(CODE);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('content-security-policy')).not.toContain('script-src');
  });

  test('a session is a cookie that no script and no other site sees', async () => {
    const { send } = serve();
    const answer = await send('/staff/sign-in', { operator: 'sato', pin: PIN });
    expect(answer.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Strict/);
    const wrong = await send('/staff/sign-in', { operator: 'sato', pin: 'wrong-pin' });
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([403, null]);
  });

  test('leads from a code to the reason and the act, without any script', async () => {
    const { desk, send, signIn } = serve();
    desk.refused(['T-1'], 'wrong-gate');
    const { cookie, csrf, show } = await signIn('sato');
    const html = await show(`?code=${CODE.toLowerCase()}&lang=en`);
    expect(html).toContain(CODE);
    expect(html).toContain('Let in');
    expect(html).not.toContain('T-1');
    const order = { act: 'override', code: CODE, reason: 'checked' };
    await send('/staff/act', { ...order, csrf }, cookie);
    expect(desk.act()).toMatchObject({ act: 'override', operator: { id: 'sato', role: 'lead' } });
    expect(await show()).toContain('role="status"');
    expect(await show()).not.toContain('role="status"');
  });

  test.each<[string, (csrf: string) => Record<string, string>]>([
    ['without the form’s word', () => ({})],
    ['with another', (csrf) => ({ csrf: csrf.replace(/^./, (c) => (c === 'a' ? 'b' : 'a')) })],
  ])('does nothing %s', async (_, word) => {
    const { desk, send, signIn } = serve();
    const { cookie, csrf } = await signIn('sato');
    const order = { act: 'mode', mode: 'closed', reason: 'x' };
    await send('/staff/act', { ...order, ...word(csrf) }, cookie);
    await send('/staff/sign-out', word(csrf), cookie);
    await send('/staff/act', { ...order, csrf }, '');
    expect(desk.modes.current).toBe('normal');
    await send('/staff/act', { ...order, csrf }, cookie);
    expect(desk.modes.current).toBe('closed');
  });

  test('an auditor reads: no act is offered, none is done', async () => {
    const { desk, send, signIn } = serve();
    desk.refused(['T-1']);
    const { cookie, csrf, show } = await signIn('abe');
    expect(await show()).toContain(CODE);
    expect(await show()).not.toContain('action="/staff/act"');
    await send('/staff/act', { act: 'override', code: CODE, reason: 'x', csrf }, cookie);
    expect(await show()).toContain('ERR_STAFF_ROLE');
    expect(desk.letIn).toEqual([]);
  });

  test('who is disabled meanwhile is out', async () => {
    const { signIn } = serve();
    const { show } = await signIn('sato');
    rows = [];
    expect(await show()).toContain('name="pin"');
  });

  test('signing out ends the session', async () => {
    const { send, signIn } = serve();
    const { cookie, csrf, show } = await signIn('sato');
    await send('/staff/sign-out', { csrf }, cookie);
    expect(await show()).toContain('name="pin"');
  });

  test('a reason is text', async () => {
    const { desk, send, signIn } = serve();
    const { cookie, csrf, show } = await signIn('sato');
    await send('/staff/act', { act: 'mode', mode: '<b>', reason: '<script>', csrf }, cookie);
    expect(await show()).not.toMatch(/<script|<b>/);
    expect(desk.entries()).toEqual([]);
  });
});

describe('the door of the command', () => {
  const order = { act: 'mode', mode: 'exit-only', reason: 'end of the night' };
  const ask = (app: ReturnType<typeof serve>['app'], body: unknown, type = 'application/json') =>
    app.request('/staff/api/act', {
      method: 'POST',
      headers: { 'content-type': type },
      body: JSON.stringify(body),
    });

  test('does an act for who gives a PIN', async () => {
    const { desk, app } = serve();
    const answer = await ask(app, { operator: 'sato', pin: PIN, order });
    expect([answer.status, await answer.json()]).toEqual([200, { sequence: 1, tickets: [] }]);
    expect(desk.modes.current).toBe('exit-only');
  });

  test.each<[string, object, number, string]>([
    ['a wrong PIN', { operator: 'sato', pin: 'wrong-pin', order }, 403, 'ERR_STAFF_SIGN_IN'],
    ['a role that may not', { operator: 'abe', pin: PIN, order }, 403, 'ERR_STAFF_ROLE'],
    ['an unknown act', { operator: 'sato', pin: PIN, order: { act: 'x' } }, 400, 'ERR_STAFF_ORDER'],
    ['more than asked', { operator: 'sato', pin: PIN, order, x: 1 }, 400, 'ERR_STAFF_ORDER'],
  ])('refuses %s', async (_, body, status, code) => {
    const { desk, app } = serve();
    const answer = await ask(app, body);
    expect([answer.status, await answer.json()]).toMatchObject([status, { code }]);
    expect(desk.modes.current).toBe('normal');
  });

  test('takes nothing that a page of another site could send, nor anything long', async () => {
    const { app } = serve();
    const body = { operator: 'sato', pin: PIN, order };
    expect((await ask(app, body, 'text/plain')).status).toBe(415);
    expect((await ask(app, { ...body, pin: 'x'.repeat(20_000) })).status).toBe(413);
  });
});
