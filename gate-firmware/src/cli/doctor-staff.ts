import type { GateConfig } from '../config.ts';
import { refuse } from '../staff/error.ts';
import { readOperators } from '../staff/operators-file.ts';
import { attempt, type Finding } from './finding.ts';

/** Whether somebody could act at this lane; nothing where nobody is meant to. */
export async function examineStaff({ staff }: Pick<GateConfig, 'staff'>): Promise<Finding[]> {
  if (!staff) return [];
  const { finding } = await attempt('staff', 'gate staff list names who may act', async () => {
    const rows = (await readOperators(staff.operators)).filter(({ disabled }) => !disabled);
    const leads = rows.filter(({ role }) => role === 'lead').length;
    if (leads === 0) {
      refuse(
        'ERR_STAFF_LEAD',
        'nobody may override a refusal or change the mode',
        'gate staff add ID --role lead --config gate.toml',
      );
    }
    return [`${rows.length} operators, ${leads} of them lead`, undefined] as const;
  });
  return [finding];
}
