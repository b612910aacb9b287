import {
  type Actor,
  isPosition,
  KEY_SCOPES,
  may,
  PERMISSIONS,
  type Permission,
  ROLES,
  type Role,
  Scope,
} from '@pinless-gate/issuer-console/domain/permission';
import { describe, expect, test } from 'vitest';

const person = (role: Role, vendorId?: string, confined = false): Actor => ({
  kind: 'operator',
  id: '1',
  name: 'x',
  role,
  vendorId,
  confined,
});
const ALL = Object.keys(PERMISSIONS) as Permission[];
const allOf = (actor: Actor) => ALL.filter((permission) => may(actor, permission));

describe('may', () => {
  test('an administrator may everything, and works for no vendor', () => {
    expect(allOf(person('issuer-admin'))).toEqual(ALL);
    expect(isPosition('issuer-admin', 'v')).toBe(false);
    expect(isPosition('vendor', undefined)).toBe(false);
  });

  test.each(ROLES)('%s, confined: the own account and nothing else', (role) => {
    expect(allOf(person(role, undefined, true))).toEqual(['account.own']);
  });

  test.each(ROLES.filter((role) => role !== 'issuer-admin'))(
    '%s of a vendor: nothing that concerns all vendors',
    (role) => {
      for (const permission of [
        'board.read',
        'gate.read',
        'gate.revoke',
        'vendor.write',
      ] as const) {
        expect(may(person(role, 'v'), permission)).toBe(false);
      }
    },
  );

  test('an auditor changes nothing', () => {
    expect(allOf(person('auditor')).filter((one) => !/\.(?:read|own)$/.test(one))).toEqual([]);
  });

  test('a key may what it was given, of what keys can be given', () => {
    const key: Actor = { kind: 'api-key', id: '1', vendorId: 'v', scopes: KEY_SCOPES };
    expect(allOf(key)).toEqual(KEY_SCOPES);
    expect(KEY_SCOPES).not.toContain('operator.write');
    expect(allOf({ ...key, scopes: [] })).toEqual([]);
  });
});

test('a scope is that of its actor', () => {
  expect(Scope.of(person('vendor', 'v')).holds('w')).toBe(false);
  expect(Scope.of(person('vendor', 'v')).holds('v')).toBe(true);
  expect(Scope.of(person('vendor', 'v')).holds(undefined)).toBe(false);
  expect(Scope.of(person('issuer-admin')).holds('v')).toBe(true);
});
