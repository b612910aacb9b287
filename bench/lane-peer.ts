import { createServer } from 'node:net';
import { startPrinter } from '@pinless-gate/test/sandbox/printer';
import { startTurnstile } from '@pinless-gate/test/sandbox/turnstile';

// Turnstile and printer of a lane, in a process of their own: what the gate does at that moment does not delay when they
// hear of it. Times are CLOCK_MONOTONIC, which all processes of a machine share. Started by lane-rig.ts.

export interface PeerAddresses {
  readonly turnstile: string;
  readonly printer: number;
  /** Takes octets and does nothing with them. */
  readonly bare: number;
}

export type Heard = 'pulse' | 'print' | 'bare';

export interface PeerMessage {
  readonly heard: Heard;
  /** Milliseconds. */
  readonly at: number;
}

const tell = (heard: Heard) =>
  void process.send!({ heard, at: Number(process.hrtime.bigint()) / 1e6 } satisfies PeerMessage);

const turnstile = await startTurnstile({ onOpening: () => tell('pulse') });
const printer = await startPrinter({ onJob: () => tell('print') });
const bare = createServer({ noDelay: true }, (socket) => {
  let left = 0;
  socket.on('data', (chunk) => {
    // The first four octets say how many follow.
    if (left === 0) left = 4 + chunk.readUInt32BE(0);
    left -= chunk.length;
    if (left === 0) tell('bare');
  });
  socket.on('error', () => undefined);
});
bare.listen(0, '127.0.0.1', () => {
  const address = bare.address();
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP server');
  process.send!({
    turnstile: turnstile.url,
    printer: printer.port,
    bare: address.port,
  } satisfies PeerAddresses);
});
process.once('disconnect', () => process.exit());
