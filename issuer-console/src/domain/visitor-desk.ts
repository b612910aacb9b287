import type { HolderField } from '@pinless-gate/whitelist-builder/purchase/schema';
import { RefusedError } from './refusal.ts';
import {
  hashVisitorSecret,
  isGoodToken,
  parseVisitorCode,
  type StatedPurpose,
  VISITOR_SECRET_LENGTH,
  type VisitorPurpose,
  type VisitorToken,
  type VisitorTokenStore,
} from './visitor-token.ts';

export type StatementMethod = 'signature' | 'authentication' | 'read';

/** A card that was proven to be there; with `read` nothing is proven. */
export interface ProvenCard {
  readonly method: StatementMethod;
  readonly holder: HolderField;
}

/** What somebody is asked to state with their card. */
export interface Asking {
  /** The first is what is wanted; the others are taken too. */
  readonly methods: readonly StatementMethod[];
  /** What `kazashi` needs is to be captured in the same session. */
  readonly kazashi: boolean;
  /** Shown to the person before the PIN is asked for. */
  readonly lines: readonly string[];
}

/** What a card is asked to sign: everything but nonce and times. */
export interface StatementSubject {
  readonly origin: string;
  readonly purpose: StatedPurpose;
  readonly subject: string;
  readonly eventId: string;
  readonly lines: readonly string[];
}

/** Requests and statements, as docs/card-statement.md has them. */
export interface Statements {
  /** Octets to be signed, good until then: Unix milliseconds. */
  request(
    subject: StatementSubject,
    times: { now: number; expiresAt: number },
  ): Promise<Uint8Array>;
  /** Throws a `RefusedError` for what is not this request, not signed, not of a card in force. */
  verify(request: Uint8Array, statement: unknown, now: number): Promise<ProvenCard>;
}

/** A code that was good, and who it was shown by: the secret is at hand while it is answered. */
export interface Shown {
  readonly token: VisitorToken;
  readonly secret: Uint8Array;
}

export interface Stated extends Shown {
  readonly proven: ProvenCard;
  readonly request: Uint8Array;
  /** As JSON gave it; it was verified. */
  readonly statement: unknown;
}

/** What an API answers to a statement: a word of ours, and facts without a person. */
export interface Answer {
  readonly state: string;
  readonly facts?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** Whoever gave codes of a purpose says what they ask for and what comes of it. */
export interface VisitorHandler {
  asking(shown: Shown): Promise<Asking>;
  /** Throws where no statement would be taken any more: nobody is asked for a PIN for nothing. */
  ready?(shown: Shown): Promise<void>;
  /** Uses the code up, where it is good for so many times. A statement that comes again is answered again. */
  take(stated: Stated): Promise<Answer>;
  /** In place of the refusal, where the code's owner may be told more. */
  refused?(shown: Shown, error: RefusedError, statement: unknown): Promise<Answer | undefined>;
}

export type VisitorHandlers = Readonly<Partial<Record<StatedPurpose, VisitorHandler>>>;

export interface VisitorDeskDeps {
  readonly tokens: VisitorTokenStore;
  readonly statements: Statements;
  readonly handlers: VisitorHandlers;
  readonly now: () => number;
}

/** How long somebody may take to find card and reader, once asked. */
export const STATEMENT_MS = 15 * 60_000;

/** Takes codes and statements of visitors, and hands them to whoever the code is of. */
export class VisitorDesk {
  readonly #deps: VisitorDeskDeps;

  constructor(deps: VisitorDeskDeps) {
    this.#deps = deps;
  }

  show(code: string, purpose?: VisitorPurpose): Promise<Shown> {
    return shownBy(this.#deps, code, purpose);
  }

  async request(
    code: string,
    origin: string,
  ): Promise<Asking & { request: Uint8Array; purpose: StatedPurpose }> {
    const { tokens, statements, now } = this.#deps;
    const shown = await this.show(code);
    const { hash, subject, eventId, expiresAt } = shown.token;
    const purpose = statedPurpose(shown.token);
    const handler = this.#handler(purpose);
    await handler.ready?.(shown);
    const asking = await handler.asking(shown);
    const at = now();
    const until = Math.min(expiresAt, at + STATEMENT_MS);
    const { lines } = asking;
    const about = { origin, purpose, subject, eventId, lines };
    const request = await statements.request(about, { now: at, expiresAt: until });
    await tokens.ask(hash, { request, expiresAt: until });
    return { ...asking, request, purpose };
  }

  async state(code: string, statement: unknown): Promise<Answer> {
    const shown = await this.show(code);
    const handler = this.#handler(statedPurpose(shown.token));
    const answer = await this.#judge(shown, handler, statement);
    await this.#deps.tokens.answer(shown.token.hash, answer.state, this.#deps.now());
    return answer;
  }

  async #judge(shown: Shown, handler: VisitorHandler, statement: unknown): Promise<Answer> {
    const { statements, now } = this.#deps;
    const { asked } = shown.token;
    if (!asked || now() >= asked.expiresAt) throw notAsked();
    const { request } = asked;
    const { methods, kazashi } = await handler.asking(shown);
    try {
      const proven = await statements.verify(request, statement, now());
      if (!methods.includes(proven.method)) throw otherMethod(methods);
      if (kazashi && !proven.holder.kazashi) throw noCapture();
      return await handler.take({ ...shown, proven, request, statement });
    } catch (error) {
      const answer =
        error instanceof RefusedError && (await handler.refused?.(shown, error, statement));
      if (answer) return answer;
      throw error;
    }
  }

  #handler(purpose: StatedPurpose): VisitorHandler {
    const handler = this.#deps.handlers[purpose];
    if (handler) return handler;
    throw badCode();
  }
}

/** Of one purpose, where that is named. Whatever is wrong with a code, the refusal is the same. */
export async function shownBy(
  { tokens, now }: Pick<VisitorDeskDeps, 'tokens' | 'now'>,
  code: string,
  purpose?: VisitorPurpose,
): Promise<Shown> {
  const secret = parseVisitorCode(code);
  // What is no code is looked up too: it takes as long.
  const hash = hashVisitorSecret(secret ?? new Uint8Array(VISITOR_SECRET_LENGTH));
  const token = await tokens.find(hash);
  const good = isGoodToken(token, hash, now());
  if (!secret || !good || (purpose !== undefined && token.purpose !== purpose)) throw badCode();
  return { token, secret };
}

/** Of a code that no card is presented with nothing is told here. */
function statedPurpose({ purpose }: VisitorToken): StatedPurpose {
  if (purpose === 'party') throw badCode();
  return purpose;
}

export const badCode = () =>
  new RefusedError(
    'unknown',
    'ERR_VISITOR_CODE',
    'this code opens nothing, or opens nothing any more',
  );

const notAsked = () =>
  new RefusedError(
    'conflict',
    'ERR_VISITOR_REQUEST',
    'nothing was asked of a card, or too long ago: ask for a request again',
  );

const otherMethod = (methods: readonly StatementMethod[]) =>
  new RefusedError(
    'invalid',
    'ERR_VISITOR_METHOD',
    `the statement has to be made by: ${methods.join(', ')}`,
  );

const noCapture = () =>
  new RefusedError(
    'invalid',
    'ERR_VISITOR_KAZASHI',
    'the statement has to capture what the profile kazashi needs, in the same session',
  );
