import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Operators } from '@pinless-gate/gate-firmware/staff/operators';
import {
  type OperatorRow,
  readOperators,
  writeOperators,
} from '@pinless-gate/gate-firmware/staff/operators-file';
import { hashPin, isPin } from '@pinless-gate/gate-firmware/staff/pin';
import { isCsrf, Sessions } from '@pinless-gate/gate-firmware/staff/sessions';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporary, withCode } from '../fixture.ts';

const PIN = '314159-x';
let sato: OperatorRow;

beforeAll(async () => {
  sato = { id: 'sato', role: 'lead', pin: await hashPin(PIN), disabled: false };
});

test('a PIN is known by its salted hash alone', async () => {
  const again = await hashPin(PIN);
  expect(again).not.toBe(sato.pin);
  expect(again).not.toContain(PIN);
  expect([await isPin(PIN, again), await isPin(`${PIN}1`, again)]).toEqual([true, false]);
});

test.each(['12345', 'with blank', 'x'.repeat(65), '１２３４５６'])(
  '"%s" is no PIN',
  async (pin) => {
    await expect(hashPin(pin)).rejects.toThrow(withCode('ERR_STAFF_PIN'));
  },
);

describe('the operators file', () => {
  test('comes back as it was written, for its owner alone', async () => {
    const file = join(temporary(), 'operators.toml');
    expect(await readOperators(file)).toEqual([]);
    const rows = [sato, { ...sato, id: 'abe', role: 'auditor', disabled: true } as const];
    await writeOperators(file, rows);
    expect(await readOperators(file)).toEqual(rows);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['a role that is none', 'role = "king"'],
    ['a PIN in clear', `role = "lead"\npin = "${PIN}"`],
    ['an unknown key', 'role = "lead"\nadmin = true'],
  ])('%s is refused', async (_, lines) => {
    const file = join(temporary(), 'operators.toml');
    await writeFile(file, `[[operator]]\nid = "sato"\n${lines}\n`);
    await expect(readOperators(file)).rejects.toThrow(withCode('ERR_CONFIG_KEY'));
  });

  test('one id twice is refused', async () => {
    const file = join(temporary(), 'operators.toml');
    await writeOperators(file, [sato, sato]);
    await expect(readOperators(file)).rejects.toThrow(withCode('ERR_CONFIG_KEY'));
  });
});

describe('signing in', () => {
  const signInWith = (rows: () => OperatorRow[]) => {
    const clock = { now: 0, refused: 0 };
    const operators = new Operators({
      read: async () => rows(),
      monotonic: () => clock.now,
      onRefused: () => {
        clock.refused += 1;
      },
    });
    return { clock, operators };
  };

  test('with id and PIN', async () => {
    const { operators } = signInWith(() => [sato]);
    expect(await operators.signIn('sato', PIN)).toEqual({ id: 'sato', role: 'lead' });
  });

  test('says not which half was wrong, nor that somebody is disabled', async () => {
    const { operators, clock } = signInWith(() => [{ ...sato, id: 'abe', disabled: true }, sato]);
    for (const [id, pin] of [
      ['sato', 'wrong-pin'],
      ['nobody', PIN],
      ['abe', PIN],
    ] as const) {
      await expect(operators.signIn(id, pin)).rejects.toThrow(withCode('ERR_STAFF_SIGN_IN'));
    }
    expect(clock.refused).toBe(3);
  });

  test('wrong PINs slow down the one they were typed for, and nobody else', async () => {
    const { operators, clock } = signInWith(() => [sato, { ...sato, id: 'abe' }]);
    for (let i = 0; i < 4; i++) {
      await expect(operators.signIn('sato', 'wrong-pin')).rejects.toThrow(
        withCode('ERR_STAFF_SIGN_IN'),
      );
    }
    await expect(operators.signIn('sato', PIN)).rejects.toThrow(withCode('ERR_STAFF_THROTTLED'));
    expect(await operators.signIn('abe', PIN)).toMatchObject({ id: 'abe' });
    clock.now += 2000;
    expect(await operators.signIn('sato', PIN)).toMatchObject({ id: 'sato' });
  });

  test('a flood of PINs is turned away, not queued', async () => {
    const { operators } = signInWith(() => [sato]);
    const all = await Promise.allSettled(
      Array.from({ length: 6 }, () => operators.signIn('sato', PIN)),
    );
    const busy = all.filter(({ status }) => status === 'rejected');
    expect(busy).toHaveLength(2);
    expect(busy[0]).toMatchObject({ reason: withCode('ERR_STAFF_BUSY') });
  });

  test('who is disabled is out at once', async () => {
    let rows = [sato];
    const { operators } = signInWith(() => rows);
    expect(await operators.current('sato')).toEqual({ id: 'sato', role: 'lead' });
    rows = [{ ...sato, disabled: true }];
    expect(await operators.current('sato')).toBeUndefined();
  });
});

describe('sessions', () => {
  test('a token leads to its session until it is closed or idle', () => {
    let now = 0;
    const sessions = new Sessions(() => now, 1000);
    const token = sessions.open('sato');
    now = 900;
    expect(sessions.find(token)).toMatchObject({ operatorId: 'sato' });
    now = 1800;
    expect(sessions.find(token)).toBeDefined();
    now = 2801;
    expect(sessions.find(token)).toBeUndefined();
    const other = sessions.open('sato');
    sessions.close(other);
    expect([sessions.find(other), sessions.find(undefined), sessions.find('x')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('there are no more than 64: the oldest goes', () => {
    const sessions = new Sessions(() => 0, 1000);
    const tokens = Array.from({ length: 65 }, () => sessions.open('sato'));
    expect(tokens.map((token) => sessions.find(token) !== undefined)).toEqual([
      false,
      ...Array(64).fill(true),
    ]);
  });

  test('each form carries a word that only its session knows', () => {
    const sessions = new Sessions(() => 0, 1000);
    const [one, two] = [sessions.open('a'), sessions.open('a')].map(
      (token) => sessions.find(token)!,
    );
    expect(isCsrf(one!, one!.csrf)).toBe(true);
    for (const given of [two!.csrf, '', undefined, 7]) expect(isCsrf(one!, given)).toBe(false);
  });
});
