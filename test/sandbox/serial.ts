import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A serial line with a board at its other end, made of a pseudo-terminal. */
export interface SandboxSerial {
  readonly device: string;
  /** What the board was sent so far, in hex. */
  readonly received: () => string;
  /** The board sends. */
  send(text: string): void;
  /** Unplugs it. */
  close(): Promise<void>;
}

const BOARD = `
import os, pty, select, sys, tty
board, line = pty.openpty()
tty.setraw(line)
print(os.ttyname(line), flush=True)
while True:
    for ready in select.select([board, 0], [], [])[0]:
        octets = os.read(ready, 4096)
        if ready == 0 and not octets: sys.exit()
        if ready == 0: os.write(board, octets)
        else: print(octets.hex(), flush=True)
`;

export async function startSerial(): Promise<SandboxSerial> {
  const child = spawn('python3', ['-c', BOARD], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [device] = (await once(lines, 'line')) as [string];
  let received = '';
  lines.on('line', (hex) => {
    received += hex;
  });
  return {
    device,
    received: () => received,
    send: (text) => child.stdin.write(text),
    async close() {
      if (child.exitCode !== null) return;
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
