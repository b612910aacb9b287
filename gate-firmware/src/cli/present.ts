import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import {
  type CardStatement,
  STATEMENT_METHODS,
  type StatementMethod,
} from '@pinless-gate/protocol/card-statement';
import { GateError } from '@pinless-gate/protocol/errors';
import type { StatementPurpose } from '@pinless-gate/protocol/statement-request';
import { type Command, EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { CardRefusal } from '../card/dialogue.ts';
import { triesLeft } from '../card/pin-dialogue.ts';
import type { PinKey } from '../card/profiles/jpki-keys.ts';
import { Reader } from '../card/reader.ts';
import { consoleUrl } from '../fleet/console-client.ts';
import { type Asked, fetchRequest, postStatement, type Taken } from '../present/console.ts';
import { type Person, stateWithCard, type Wanted } from '../present/statement.ts';
import { waitForCard } from '../present/wait.ts';

const WAIT_MS = 120_000;

const OPTIONS = {
  console: { type: 'string' },
  code: { type: 'string' },
  'code-file': { type: 'string' },
  method: { type: 'string' },
  reader: { type: 'string' },
  socket: { type: 'string' },
  ca: { type: 'string' },
  'pin-file': { type: 'string' },
  'reference-file': { type: 'string' },
  'last-try': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** `gate present`: a card at a desk states to a console what its holder was shown. */
export const presentCommand: Command = async (argv, io) => {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  if (values.console === undefined) {
    throw new UsageError(
      '--console is missing',
      'for instance: --console https://tickets.example.jp',
    );
  }
  const method = parseMethod(values.method);
  const { ca } = values;
  const address = {
    url: consoleUrl(values.console),
    ca: ca === undefined ? undefined : await readFile(ca, 'utf8'),
  };
  const code = await readCode(values, io);
  const asked = await fetchRequest(address, code);
  show(asked, io);
  const chosen = chosenMethod(asked, method);
  const kazashi = asked.kazashi && chosen !== 'read';
  const wanted = { request: asked.octets, method: chosen, kazashi };
  const person = personAt(io, values['pin-file'], values['reference-file']);
  const statement = await stateAtReader(wanted, person, {
    ...values,
    io,
    lastTry: values['last-try'],
  });
  tell(await postStatement(address, code, statement), io, values.json);
  return EXIT_OK;
};

interface AtReader {
  readonly reader?: string | undefined;
  readonly socket?: string | undefined;
  readonly lastTry: boolean;
  readonly io: Io;
}

/** Of the card that is on the reader, or is put there. */
async function stateAtReader(
  wanted: Wanted,
  person: Person,
  { reader: name, socket, lastTry, io }: AtReader,
): Promise<CardStatement> {
  const now = () => performance.now();
  const reader = await Reader.open({ reader: name, socket });
  try {
    await waitForCard(reader, {
      signal: io.signal,
      timeoutMs: WAIT_MS,
      now,
      onEmpty: () => io.err('put the card on the reader, and leave it there'),
    });
    const stating = { transmit: reader.session(), lastTry, now };
    return await stateWithCard(wanted, person, stating).catch(inWords);
  } finally {
    await leave(reader);
  }
}

/** Resets the card, however it ended: nobody after us has its keys open. */
async function leave(reader: Reader): Promise<void> {
  try {
    await reader.disconnect();
  } catch (error) {
    // Of a reader that is gone: what ended the command says more.
    if (!(error instanceof GateError)) throw error;
  } finally {
    await reader.close();
  }
}

function parseMethod(text: string | undefined): StatementMethod | undefined {
  if (text === undefined) return undefined;
  const method = STATEMENT_METHODS.find((each) => each === text);
  if (method) return method;
  throw new UsageError(`--method is one of ${STATEMENT_METHODS.join(', ')}`);
}

interface CodeOptions {
  readonly code?: string | undefined;
  readonly 'code-file'?: string | undefined;
}

/** A file, standard input or a prompt: an argument can be read by everybody on this machine while the command runs. */
async function readCode({ code, 'code-file': file }: CodeOptions, io: Io): Promise<string> {
  if (code !== undefined && file !== undefined) {
    throw new UsageError('--code and --code-file exclude each other');
  }
  if (code !== undefined) return code.trim();
  if (file !== undefined) return secretIn(file);
  if (io.readSecret) return (await io.readSecret('code: ')).trim();
  throw new UsageError('no code', 'give it with --code-file FILE, or - for standard input');
}

/** Without the line feed at its end. */
async function secretIn(file: string): Promise<string> {
  const content = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  return content.replace(/\r?\n$/, '');
}

const PURPOSES: Readonly<Record<StatementPurpose, string>> = {
  purchase: 'to buy',
  companion: 'to link the card of a companion',
  transfer: 'to take over a ticket',
  check: 'to see whether the card opens the gate',
};

/** All that the card is about to sign, before anybody types a PIN. */
function show({ request }: Asked, io: Io): void {
  io.err(`${request.origin} asks, ${PURPOSES[request.purpose]} (${request.subjectId}):`);
  for (const line of request.lines) io.err(`  ${line}`);
}

function chosenMethod({ methods }: Asked, wanted: StatementMethod | undefined): StatementMethod {
  const method = wanted ?? methods[0]!;
  if (methods.includes(method)) return method;
  throw new GateError('ERR_PRESENT_METHOD', `the console takes no statement by ${method}`, {
    hint: `it takes: ${methods.join(', ')}`,
  });
}

/** Asks at the terminal; a PIN is in no argument and in nothing that is written. */
function personAt(io: Io, pinFile?: string, referenceFile?: string): Person {
  const ask = async (file: string | undefined, option: string, prompt: string) => {
    if (file !== undefined) return secretIn(file);
    if (io.readSecret) return io.readSecret(prompt);
    throw new UsageError('nobody is at a terminal', `give it with ${option} FILE`);
  };
  return {
    reference: () =>
      ask(referenceFile, '--reference-file', 'birth date as printed on the card, six digits: '),
    pin: async (key, tries) => {
      io.err(triesLeft(tries));
      const pin = await ask(pinFile, '--pin-file', `${PROMPTS[key]}: `);
      // Cards have capital letters only.
      return pin.toUpperCase();
    },
  };
}

const PROMPTS: Readonly<Record<PinKey['name'], string>> = {
  signature: 'password of the signature certificate (署名用)',
  authentication: 'PIN of the user-authentication certificate (利用者証明用)',
};

const REFUSALS: Readonly<Record<string, string>> = {
  phone: 'a phone has certificates of its own, which open no gate: use the plastic card',
  'old-card': 'this is a residents’ card of before 2015: use the My Number Card',
  'no-certificate': 'this card has no user-authentication certificate, which is what opens gates',
  'unknown-card': 'this is not a My Number Card',
  'birth-date-refused': 'the card did not accept this birth date',
  'birth-date-few-tries': 'too few tries are left for the birth date: none is used here',
  'card-blocked': 'the card takes no more tries of the birth date: the municipality unblocks it',
};

function inWords(error: unknown): never {
  if (!(error instanceof CardRefusal)) throw error;
  const why = REFUSALS[error.reason] ?? error.reason;
  throw new GateError('ERR_PRESENT_CARD', why, { cause: error });
}

function tell({ state, facts = {} }: Taken, io: Io, json: boolean): void {
  if (json) {
    io.out(JSON.stringify({ state, facts }));
    return;
  }
  io.out(state);
  for (const [name, value] of Object.entries(facts)) io.out(`${name}: ${value}`);
}
