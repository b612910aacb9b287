import { parseArgs } from 'node:util';
import { GateError } from '@pinless-gate/protocol/errors';
import { readInputFile } from '@pinless-gate/runtime/input-file';
import { type Command, EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { type GateConfig, readGateConfig } from '../config.ts';
import type { StaffTable } from '../staff/config.ts';
import { type Done, type Order, orderSchema } from '../staff/order.ts';
import { configFile } from './options.ts';

/** The gate that runs refused the act, or no gate answered. */
export class StaffCommandError extends GateError {}

const OPTIONS = {
  config: { type: 'string' },
  operator: { type: 'string' },
  'pin-file': { type: 'string' },
  reason: { type: 'string' },
  ticket: { type: 'string', multiple: true },
  proof: { type: 'string' },
  json: { type: 'boolean' },
} as const;

const MAX_PIN_FILE = 256;

type Values = ReturnType<typeof parse>['values'];

const parse = (argv: readonly string[]) =>
  parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });

/** What the words after the act mean, as the order that the gate is sent. */
const ORDERS: Readonly<Record<Order['act'], (words: readonly string[], values: Values) => object>> =
  {
    override: ([code], { ticket }) => ({ code, ...(ticket && { tickets: ticket }) }),
    undo: ([code]) => ({ code }),
    block: ([ticketNo]) => ({ ticketNo }),
    unblock: ([ticketNo]) => ({ ticketNo }),
    accept: ([ticketNo], { proof }) => ({ ticketNo, proof }),
    'face-check': ([code, answer]) => ({ code, answer }),
    mode: ([mode]) => ({ mode }),
    readmit: () => ({}),
    reprint: ([code]) => ({ code }),
  };

/** `gate staff ACT …`: asks the gate that runs, by the door that the staff page has. */
export const staffCommand =
  (act: Order['act']): Command =>
  async (argv, io) => {
    const { values, positionals } = parse(argv);
    const config = await readGateConfig(configFile(values.config));
    const staff = staffOf(config);
    const words = ORDERS[act](positionals, values);
    const order = orderSchema.safeParse({ act, ...words, reason: values.reason ?? '' });
    if (!order.success) {
      const [issue] = order.error.issues;
      throw new UsageError(`gate staff ${act}: ${issue?.path.join('.')}: ${issue?.message}`);
    }
    if (values.operator === undefined) throw new UsageError('--operator is missing');
    const pin = await readPin(values['pin-file'], io);
    const done = await ask(staff, { operator: values.operator, pin, order: order.data });
    io.out(values.json ? JSON.stringify(done) : told(act, done));
    return EXIT_OK;
  };

/** Throws where this gate has no staff. */
export function staffOf({ staff }: Pick<GateConfig, 'staff'>): StaffTable {
  if (staff) return staff;
  throw new StaffCommandError('ERR_STAFF_NONE', 'this gate has no [staff] table', {
    hint: 'add [staff] operators = "operators.toml" to gate.toml and start the gate again',
  });
}

/** From a file or the terminal: an argument could be read by everybody on this machine. */
export async function readPin(file: string | undefined, io: Io): Promise<string> {
  if (file !== undefined) {
    const read = await readInputFile(file, MAX_PIN_FILE);
    if ('bytes' in read) return Buffer.from(read.bytes).toString('utf8').trim();
    throw new UsageError(`--pin-file ${file}: ${read.reason}`);
  }
  if (io.readSecret) return io.readSecret('PIN: ');
  throw new UsageError('--pin-file is missing', 'nobody sits at a terminal to be asked');
}

async function ask(staff: StaffTable, body: object): Promise<Done> {
  const answer = await fetch(`${base(staff)}/staff/api/act`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => {
    throw new StaffCommandError('ERR_STAFF_UNREACHABLE', `no gate answers at ${base(staff)}`, {
      cause,
      hint: 'is `gate run` running with this gate.toml?',
    });
  });
  const said = (await answer.json().catch(() => ({}))) as Partial<Refusal> & Partial<Done>;
  if (answer.ok && said.tickets) return { ...said, tickets: said.tickets };
  const code = said.code?.startsWith('ERR_') ? said.code : 'ERR_STAFF_UNREACHABLE';
  const hint = said.hint === undefined ? {} : { hint: said.hint };
  const message = said.message ?? `the gate answered ${answer.status}`;
  throw new StaffCommandError(code as `ERR_${string}`, message, hint);
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** The gate's own address where it listens on all. */
function base({ host, port }: StaffTable): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`;
}

function told(act: Order['act'], { sequence, tickets, code, readmitted }: Done): string {
  const numbers = tickets.map(({ ticketNo, entry }) => `${ticketNo} (entry ${entry})`).join(', ');
  const entry = sequence === undefined ? 'NOT journalled' : `journal entry ${sequence}`;
  const more = [code, numbers, readmitted === undefined ? '' : `${readmitted} tickets`];
  return [act, ...more.filter(Boolean), entry].join('  ');
}
