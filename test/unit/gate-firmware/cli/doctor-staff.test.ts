import { join } from 'node:path';
import { examineStaff } from '@pinless-gate/gate-firmware/cli/doctor-staff';
import { staffTable } from '@pinless-gate/gate-firmware/staff/config';
import { writeOperators } from '@pinless-gate/gate-firmware/staff/operators-file';
import { hashPin } from '@pinless-gate/gate-firmware/staff/pin';
import { expect, test } from 'vitest';
import { temporary } from '../fixture.ts';

test('staff without a lead, with one, with one who is disabled, and none at all', async () => {
  const operators = join(temporary(), 'operators.toml');
  const staff = staffTable.parse({ operators });
  const lead = { id: 'sato', role: 'lead', pin: await hashPin('314159'), disabled: false } as const;
  expect(await examineStaff({ staff })).toMatchObject([{ code: 'ERR_STAFF_LEAD' }]);
  await writeOperators(operators, [lead, { ...lead, id: 'abe', role: 'staff' }]);
  expect(await examineStaff({ staff })).toMatchObject([
    { outcome: 'ok', what: '2 operators, 1 of them lead' },
  ]);
  await writeOperators(operators, [{ ...lead, disabled: true }]);
  expect(await examineStaff({ staff })).toMatchObject([{ outcome: 'failed' }]);
  expect(await examineStaff({ staff: undefined })).toEqual([]);
});
