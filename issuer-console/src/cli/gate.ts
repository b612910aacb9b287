import { parseArgs } from 'node:util';
import { EXIT_OK, EXIT_REFUSED, type Io, UsageError } from '@pinless-gate/runtime/program';
import { readConsoleConfig } from '../config.ts';
import { type GateRecord, standingOf } from '../domain/enrolment.ts';
import { GateEnrolmentError, parseGateId } from '../domain/gate.ts';
import { withOffice } from './office.ts';
import { DEFAULT_CONFIG } from './usage.ts';

const OPTIONS = {
  config: { type: 'string', default: DEFAULT_CONFIG },
  json: { type: 'boolean', default: false },
} as const;

/** `issuer-console gate invite`: prints a one-time token, once. */
export async function gateInviteCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...OPTIONS,
      name: { type: 'string' },
      event: { type: 'string', multiple: true, default: [] },
      valid: { type: 'string', default: '24h' },
    },
  });
  const { name, event: eventIds } = values;
  if (name === undefined) throw new UsageError('--name NAME is needed');
  const validMs = duration(values.valid);
  const config = await readConsoleConfig(values.config);
  const invited = await withOffice(config, io, (office) =>
    office.invite({ name, eventIds, validMs }),
  );
  if (values.json) {
    io.out(JSON.stringify(invited));
    return EXIT_OK;
  }
  io.out(invited.token);
  const until = new Date(invited.expiresAt).toISOString();
  io.err(`for gate "${invited.name}" (${invited.gateId}), once, until ${until}; not shown again`);
  io.err('at the gate: gate enrol --config gate.toml --console URL --token-file -');
  return EXIT_OK;
}

/** `issuer-console gate list`. */
export async function gateListCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  const config = await readConsoleConfig(values.config);
  const gates = await withOffice(config, io, (office) => office.gates());
  const now = Date.now();
  if (values.json) io.out(JSON.stringify(gates.map((gate) => shown(gate, now))));
  else if (gates.length === 0) io.err('no gates: gate invite, or gate add, makes one known');
  else for (const gate of gates) io.out(`${gate.id}  ${standingOf(gate, now)}  ${gate.name}`);
  return EXIT_OK;
}

/** `issuer-console gate show ID`. */
export async function gateShowCommand(argv: readonly string[], io: Io): Promise<number> {
  const { id, config: path, json } = gateArgument(argv);
  const config = await readConsoleConfig(path);
  const gates = await withOffice(config, io, (office) => office.gates());
  const gate = gates.find((one) => one.id === id);
  if (!gate) throw unknownGate(id);
  const now = Date.now();
  if (json) io.out(JSON.stringify(shown(gate, now)));
  else for (const line of lines(gate, now)) io.out(line);
  return EXIT_OK;
}

/** `issuer-console gate revoke ID`: from the next request on. */
export async function gateRevokeCommand(argv: readonly string[], io: Io): Promise<number> {
  const { id, config: path, json } = gateArgument(argv);
  const config = await readConsoleConfig(path);
  const revocation = await withOffice(config, io, (office) => office.revoke(id));
  if (revocation === 'unknown') throw unknownGate(id);
  if (json) io.out(JSON.stringify({ id, revocation }));
  else io.out(REVOCATIONS[revocation](id));
  return revocation === 'before' ? EXIT_REFUSED : EXIT_OK;
}

const REVOCATIONS = {
  revoked: (id: string) => `gate ${id} revoked: nothing more is taken from it or given to it`,
  withdrawn: (id: string) => `invitation of gate ${id} withdrawn: its token is good no more`,
  before: (id: string) => `gate ${id} was revoked before`,
} as const;

function gateArgument(argv: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    allowPositionals: true,
  });
  const [id, more] = positionals;
  if (id === undefined || more !== undefined) throw new UsageError('one gate id is needed');
  return { id: parseGateId(id), ...values };
}

function unknownGate(id: string): GateEnrolmentError {
  return new GateEnrolmentError('ERR_GATE_UNKNOWN', `there is no gate ${id}`, {
    hint: 'issuer-console gate list tells which there are',
  });
}

function shown(gate: GateRecord, now: number): object {
  return { ...gate, standing: standingOf(gate, now) };
}

function lines(gate: GateRecord, now: number): string[] {
  const { stated } = gate;
  const moment = (at: number | undefined) => (at === undefined ? [] : [new Date(at).toISOString()]);
  const rows: [string, readonly string[]][] = [
    ['gate', [`${gate.name} (${gate.id})`]],
    ['standing', [standingOf(gate, now)]],
    ['events', gate.eventIds],
    ['invited', moment(gate.invitedAt)],
    ['token until', moment(gate.expiresAt)],
    ['withdrawn', moment(gate.withdrawnAt)],
    ['added', moment(gate.addedAt)],
    ['last word', moment(gate.lastSeenAt)],
    ['revoked', moment(gate.revokedAt)],
    ['device key', gate.deviceKeyId === undefined ? [] : [gate.deviceKeyId]],
    ['transport key', stated ? [stated.transportKeyId] : []],
    ['program', stated ? [stated.software] : []],
    ['module', stated ? [moduleText(stated.module)] : []],
    ['capability', stated?.capabilities ?? []],
  ];
  return rows.flatMap(([label, values]) => values.map((value) => `${label.padEnd(15)}${value}`));
}

type Module = NonNullable<GateRecord['stated']>['module'];

function moduleText({ description, version, manufacturer, model, serial }: Module): string {
  return `${description} ${version}, ${manufacturer} ${model}, serial ${serial}`;
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function duration(text: string): number {
  const [, digits, unit] = /^([1-9]\d{0,3})([mhd])$/.exec(text) ?? [];
  if (digits === undefined) throw new UsageError(`--valid ${text}: for instance 30m, 24h or 7d`);
  return Number(digits) * UNITS[unit!]!;
}
