import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Transmit } from '@pinless-gate/gate-firmware/card/channel';
import { DisplayBus } from '@pinless-gate/gate-firmware/display/state';
import { httpTurnstile } from '@pinless-gate/gate-firmware/hardware/http-turnstile';
import { Outcome } from '@pinless-gate/gate-firmware/lane/outcome';
import { Receipts } from '@pinless-gate/gate-firmware/lane/receipts';
import { tap } from '@pinless-gate/gate-firmware/lane/tap';
import { Metrics } from '@pinless-gate/gate-firmware/metrics';
import { tcpPrinter } from '@pinless-gate/gate-firmware/receipt/tcp-printer';
import { DEFAULT_TEMPLATE } from '@pinless-gate/gate-firmware/receipt/template';
import { createLog } from '@pinless-gate/runtime/log';
import type { BenchContext } from './bench.ts';
import type { Heard, PeerAddresses, PeerMessage } from './lane-peer.ts';
import { now, openScreen, type Screen, type Shown } from './lane-screen.ts';
import { openTapRig, type TapRig } from './tap-rig.ts';

/** One tap of a whole lane, on one clock. Milliseconds. */
export interface LaneTap extends Shown {
  /** The card's first answer was here. */
  readonly answered: number;
  /** The journal's entry was on the disk. */
  readonly durable: number;
  /** The turnstile had its order. */
  readonly pulsed: number;
  /** The printer had its last octet. */
  readonly printed: number;
}

export interface LaneRig {
  readonly screen: Screen;
  tap(): Promise<LaneTap>;
  /** Milliseconds from a bare write of so many octets until the other process had the last. */
  write(octets: number): Promise<number>;
}

const DEVICE_MS = 10_000;

/** Reader, display in a browser, turnstile and printer, put together as `gate run` does. */
export async function openLaneRig(context: BenchContext, timing: string): Promise<LaneRig> {
  const rig = await openTapRig(context, timing);
  const peer = await Peer.start(context);
  const bus = new DisplayBus();
  const screen = await openScreen(context, bus);
  const outcome = openOutcome(context, rig, peer.addresses, bus);
  const durable = watchJournal(rig);
  return {
    screen,
    write: (octets) => peer.write(octets),
    async tap() {
      const heard = [peer.next('pulse'), peer.next('print')] as const;
      outcome.visit.hold(0);
      const seen = await screen.next('admitted');
      const first = firstAnswer(rig.reader.session());
      const onProgress = (fraction: number) => outcome.visit.hold(fraction);
      const result = await tap({ ...rig.parts, transmit: first.transmit, onProgress });
      outcome.apply(result);
      const { decision } = result;
      if (!decision.admitted) throw new Error(`the gate refused: ${decision.reason}`);
      const [shown, pulsed, printed] = await Promise.all([seen(), ...heard]);
      await rig.reader.disconnect();
      return { ...shown, answered: first.at(), durable: durable(), pulsed, printed };
    },
  };
}

function openOutcome(
  { defer }: BenchContext,
  { parts, sign }: TapRig,
  addresses: PeerAddresses,
  display: DisplayBus,
): Outcome {
  const turnstile = httpTurnstile({ url: new URL(addresses.turnstile), timeoutMs: DEVICE_MS });
  const printer = tcpPrinter({
    host: '127.0.0.1',
    port: addresses.printer,
    timeoutMs: DEVICE_MS,
    queueLimit: 4,
    status: true,
  });
  const log = createLog('gate', 'error');
  const receipts = new Receipts({
    ...parts,
    timeZone: 'Asia/Tokyo',
    printer,
    pictures: undefined,
    encoding: 'cp932',
    languages: ['ja', 'en'],
    template: DEFAULT_TEMPLATE,
    sign,
    log,
    onLost: (id) => {
      throw new Error(`nothing was printed for ${id}`);
    },
  });
  const outcome = new Outcome({
    ...parts,
    display,
    turnstile,
    receipts,
    metrics: new Metrics(),
    log,
    defaultLanguage: 'ja',
    passages: { opened: () => undefined },
    mode: () => 'normal',
  });
  defer(async () => {
    outcome.close();
    await receipts.close();
    await turnstile.close();
    await printer.close();
  });
  return outcome;
}

function firstAnswer(transmit: Transmit): { readonly transmit: Transmit; at(): number } {
  let at: number | undefined;
  return {
    at: () => at!,
    async transmit(commands, timeoutMs) {
      const answer = await transmit(commands, timeoutMs);
      at ??= now();
      return answer;
    },
  };
}

/** When the newest entry was on the disk. */
function watchJournal({ parts: { journal } }: TapRig): () => number {
  const append = journal.append.bind(journal);
  let at = 0;
  journal.append = (...entry: Parameters<typeof append>) => {
    const appended = append(...entry);
    at = now();
    return appended;
  };
  return () => at;
}

/** The process with turnstile and printer. */
class Peer {
  readonly addresses: PeerAddresses;
  readonly #socket: Socket;
  readonly #waiting = new Map<Heard, (at: number) => void>();

  private constructor(addresses: PeerAddresses, socket: Socket) {
    this.addresses = addresses;
    this.#socket = socket;
  }

  static async start({ defer }: BenchContext): Promise<Peer> {
    const child = fork(new URL('./lane-peer.js', import.meta.url));
    defer(() => child.disconnect());
    const [addresses] = (await once(child, 'message')) as [PeerAddresses];
    const socket = connect({ port: addresses.bare, host: '127.0.0.1', noDelay: true });
    defer(() => socket.destroy());
    await once(socket, 'connect');
    const peer = new Peer(addresses, socket);
    child.on('message', ({ heard, at }: PeerMessage) => peer.#waiting.get(heard)?.(at));
    return peer;
  }

  next(heard: Heard): Promise<number> {
    return new Promise((resolve) => this.#waiting.set(heard, resolve));
  }

  async write(octets: number): Promise<number> {
    const heard = this.next('bare');
    const message = Buffer.alloc(4 + octets);
    message.writeUInt32BE(octets);
    const from = now();
    this.#socket.write(message);
    return (await heard) - from;
  }
}
