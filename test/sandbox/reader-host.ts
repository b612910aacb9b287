import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { GateError } from '@pinless-gate/protocol/errors';
import { cardFromFile } from './card/card-file.ts';
import { enterField, type FieldCard } from './card/session.ts';
import { parseTiming } from './card/timing.ts';
import { prepareNamespace, socketAnswers, socketPath, startPcscd, stopPcscd } from './pcscd.ts';
import type {
  HostInit,
  HostMessage,
  HostMethods,
  HostRequest,
  InsertRequest,
} from './reader-protocol.ts';
import { VPCD_PORT } from './vpcd.ts';

/**
 * Child of `reader.ts`: runs inside the namespaces, holds pcscd and the virtual cards, so that nothing of a
 * card's dialogue crosses a process of ours that does something else. Ends with its parent.
 */

/** pcscd looks at its slots every 400 ms: a card put in sooner than that would not be seen as a new one. */
const SLOT_POLL_MS = 450;
/** A busy machine keeps pcscd from looking; that the slot is another program's is told by nothing else. */
const POWER_TIMEOUT_MS = 20_000;

let init: HostInit | undefined;
let pcscd: ChildProcess | undefined;
let lastCard = 0;
const cards = new Map<number, FieldCard>();
const leftAt = new Map<number, number>();
const taken = new Set<number>();

const methods: HostMethods = {
  async start(given) {
    init = given;
    if (given.isolated) await prepareNamespace(given.directory);
    await methods.startPcscd();
  },

  async startPcscd() {
    const { directory, isolated } = started();
    const socket = socketPath(directory, isolated);
    // Without a namespace the machine's own daemon may be there already: then it is the one to use.
    if (!isolated && (await socketAnswers(socket))) return;
    pcscd = await startPcscd(directory, socket);
  },

  async killPcscd() {
    if (pcscd) await stopPcscd(pcscd, 'SIGKILL');
    pcscd = undefined;
  },

  async pcscdPid() {
    return pcscd?.pid;
  },

  async insert(request) {
    const { slot } = request;
    if (taken.has(slot)) throw slotTaken(slot);
    const since = performance.now() - (leftAt.get(slot) ?? Number.NEGATIVE_INFINITY);
    if (!request.atOnce && since < SLOT_POLL_MS) await delay(SLOT_POLL_MS - since);
    const card = await enterField(cardFromFile(request.card), {
      ...sessionOptions(request),
      port: VPCD_PORT + slot,
    });
    const number = ++lastCard;
    cards.set(number, card);
    taken.add(slot);
    card.left.then((report) => {
      taken.delete(slot);
      leftAt.set(slot, performance.now());
      send({ removed: number, report });
    });
    const timeout = new AbortController();
    const powered = await Promise.race([
      (request.atOnce ? card.seen : card.powered).then(() => true),
      card.left.then(() => true),
      delay(POWER_TIMEOUT_MS, false, { signal: timeout.signal }),
    ]);
    timeout.abort();
    if (powered) {
      if (request.forMs !== undefined) setTimeout(() => void card.leave(), request.forMs);
      return number;
    }
    await card.leave();
    throw slotTaken(slot);
  },

  async remove(number) {
    await cards.get(number)?.leave();
  },

  async report(number) {
    const card = cards.get(number);
    if (!card) throw new RangeError(`no card ${number}`);
    return card.report();
  },
};

function slotTaken(slot: number): GateError {
  return new GateError('ERR_SANDBOX_SLOT', `reader slot ${slot} did not power the card`, {
    hint: 'a reader takes one card at a time: remove the other one first',
  });
}

function sessionOptions({ card, timing, removeAfterStep }: InsertRequest) {
  const { maxCommandLength } = started();
  const spec = timing ?? card.timing;
  const after = removeAfterStep ?? card.removeAfterStep;
  return {
    faults: card.faults ?? [],
    ...(spec !== undefined && { timing: parseTiming(spec) }),
    ...(after !== undefined && { removeAfterStep: after }),
    ...(maxCommandLength !== undefined && { maxCommandLength }),
  };
}

function started(): HostInit {
  if (!init) throw new TypeError('the host is told what to do before it is started');
  return init;
}

function send(message: HostMessage): void {
  if (process.connected) process.send!(message);
}

async function serve({ id, method, argument }: HostRequest): Promise<void> {
  try {
    const result = await (methods[method] as (argument: unknown) => Promise<unknown>)(argument);
    send({ id, result });
  } catch (error) {
    const { message } = error as Error;
    const known = error instanceof GateError ? error : undefined;
    const code = known?.code ?? 'ERR_SANDBOX_HOST';
    send({ id, error: { code, message, ...(known?.hint && { hint: known.hint }) } });
  }
}

process.on('message', (request) => void serve(request as HostRequest));
// The terminal's Ctrl-C reaches the whole group: the parent decides when this one ends.
process.on('SIGINT', () => {});
process.on('disconnect', async () => {
  if (pcscd) await stopPcscd(pcscd, 'SIGTERM');
  process.exit(0);
});
