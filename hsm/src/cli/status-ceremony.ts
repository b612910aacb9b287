import { GateError } from '@pinless-gate/protocol/errors';
import { type CeremonyConfig, readCeremonyConfig } from '../ceremony/config.ts';
import { readInstalledChains } from '../ceremony/institution-files.ts';
import {
  type InstitutionStatus,
  institutionStatus,
  WARN_DAYS,
} from '../ceremony/institution-status.ts';
import { LogFile } from '../ceremony/log-file.ts';
import { DEFAULT_LABELS, type KeyStore, type Problem } from '../key-store.ts';

/** What stands beside the token: CV certificates of the institution key, and who has to approve what is done with keys. */
export interface CeremonyStatus {
  readonly institution: readonly InstitutionStatus[];
  readonly approval: ApprovalStatus;
  readonly problems: readonly Problem[];
}

interface ApprovalStatus {
  readonly kind: CeremonyConfig['kind'];
  readonly required?: number;
  readonly operators?: number;
  /** Ids of steps that were begun, and of which the log does not say how they ended. */
  readonly unfinished?: readonly string[];
}

export async function ceremonyStatus(configPath: string, store: KeyStore): Promise<CeremonyStatus> {
  const problems: Problem[] = [];
  const { label, chains } = await readInstalledChains(configPath);
  const spki = chains.length === 0 ? undefined : await publicKeyOf(store, label);
  const institution = chains.map((chain) => institutionStatus(chain, spki, Date.now()));
  problems.push(...institution.flatMap(({ problem }) => problem ?? []));
  const config = await readCeremonyConfig(configPath);
  const approval = await approvalStatus(config, problems);
  return { institution, approval, problems };
}

async function publicKeyOf(store: KeyStore, label: string = DEFAULT_LABELS.institution) {
  const keys = await store.keys();
  return keys.some((key) => key.label === label) ? store.publicKey(label) : undefined;
}

async function approvalStatus(
  config: CeremonyConfig,
  problems: Problem[],
): Promise<ApprovalStatus> {
  if (config.kind !== 'directory') return { kind: config.kind };
  const required = config.approvals;
  try {
    const { log } = await LogFile.open(config.directory, Date.now);
    return {
      kind: config.kind,
      required: Math.max(required, log.required),
      operators: log.operators.active.length,
      unfinished: log.unfinished.map(({ id }) => id),
    };
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    const { code, message, hint } = error;
    problems.push({ code, message, hint });
    return { kind: config.kind, required };
  }
}

export function ceremonyLines({ institution, approval }: CeremonyStatus): string[] {
  return [...institution.map(institutionLine), ...approvalLines(approval)];
}

function institutionLine({ layout, holder, expiry, daysLeft = 0, fits }: InstitutionStatus) {
  if (holder === undefined) return `cvc     ${layout}  CANNOT BE READ`;
  const dates =
    expiry === undefined ? 'no dates in this layout' : `expires ${expiry}, ${daysWords(daysLeft)}`;
  return `cvc     ${layout}  ${holder}  ${dates}${fits ? '' : ', NOT OF THIS KEY'}`;
}

export function daysWords(daysLeft: number): string {
  if (daysLeft < 0) return 'EXPIRED';
  const left = `${daysLeft} days left`;
  return daysLeft > WARN_DAYS ? left : `${left}: REQUEST THE NEXT ONE NOW`;
}

function approvalLines({ kind, required, operators, unfinished = [] }: ApprovalStatus): string[] {
  if (kind === 'absent') return ['approve none named: what needs approval is refused'];
  if (kind === 'waived') {
    return [
      'approve NOT ASKED (approvals = 0): one person alone can import, wrap and destroy keys',
    ];
  }
  const who = operators === undefined ? '' : ` of ${operators} operators`;
  const open = unfinished.map(
    (id) => `        step ${id} was begun, and nothing says how it ended`,
  );
  return [`approve ${required}${who}`, ...open];
}
