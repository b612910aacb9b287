import {
  type CardStatement,
  formatCardStatement,
  STATEMENT_METHODS,
  type StatementMethod,
} from '@pinless-gate/protocol/card-statement';
import { type ErrorCode, GateError } from '@pinless-gate/protocol/errors';
import {
  decodeStatementRequest,
  type StatementRequest,
} from '@pinless-gate/protocol/statement-request';
import { z } from 'zod';
import { askConsole, type ConsoleAddress, type ConsoleAnswer } from '../fleet/console-client.ts';

/** What a console wants a card to state, for a one-time code. */
export interface Asked {
  /** The octets as they came. */
  readonly octets: Uint8Array;
  readonly request: StatementRequest;
  /** The first is what is wanted. */
  readonly methods: readonly StatementMethod[];
  readonly kazashi: boolean;
}

/** What came of a statement: a word of the console's, and facts without a person. */
export interface Taken {
  readonly state: string;
  readonly facts?: Readonly<Record<string, string | number | boolean>> | undefined;
}

const MAX_ANSWER_LENGTH = 64 * 1024;

const askedSchema = z.object({
  request: z.base64url().max(MAX_ANSWER_LENGTH),
  methods: z.array(z.enum(STATEMENT_METHODS)).min(1),
  kazashi: z.boolean(),
});
/** They are printed: one line each. */
const line = z
  .string()
  .max(500)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u);
const takenSchema = z.object({
  state: line.min(1),
  facts: z.record(line, z.union([line, z.number(), z.boolean()])).optional(),
});

export async function fetchRequest(address: ConsoleAddress, code: string): Promise<Asked> {
  const answer = await post(address, '/api/public/requests', { code });
  const { request, methods, kazashi } = read(answer, askedSchema);
  const octets = new Uint8Array(Buffer.from(request, 'base64url'));
  const decoded = decodeStatementRequest(octets);
  if (decoded.origin !== address.url.origin) {
    throw new GateError('ERR_PRESENT_ORIGIN', 'the request is of another console than this one', {
      hint: 'do not go on: somebody may be passing on what another console asks',
    });
  }
  return { octets, request: decoded, methods, kazashi };
}

export async function postStatement(
  address: ConsoleAddress,
  code: string,
  statement: CardStatement,
): Promise<Taken> {
  // It is JSON text already, and the console reads one body.
  const json: unknown = JSON.parse(formatCardStatement(statement));
  const answer = await post(address, '/api/public/statements', { code, statement: json });
  return read(answer, takenSchema);
}

/** In the body: the code is in no address. */
async function post(address: ConsoleAddress, path: string, body: object): Promise<ConsoleAnswer> {
  const answer = await askConsole(address, {
    method: 'POST',
    path,
    type: 'application/json',
    body: Buffer.from(JSON.stringify(body)),
    maxAnswerLength: MAX_ANSWER_LENGTH,
  });
  if (answer.status === 200) return answer;
  const { code = 'ERR_PRESENT_ANSWER', title = `HTTP ${answer.status}`, status } = answer;
  throw new GateError(code as ErrorCode, `the console answers: ${title}`, {
    ...(status === 429 && { hint: 'wait a little, then try again' }),
  });
}

function read<T>({ body }: ConsoleAnswer, schema: z.ZodType<T>): T {
  const result = schema.safeParse(parseJson(body));
  if (result.success) return result.data;
  throw new GateError('ERR_PRESENT_ANSWER', 'what the console answers is none of its answers', {
    hint: 'is this the address of a console?',
  });
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
