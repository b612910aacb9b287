import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CardFile } from '../card/card-file.ts';
import type { InsertedCard, SandboxReader } from '../reader.ts';
import type { Slot } from '../reader-protocol.ts';

const GATE = fileURLToPath(new URL('../../../../gate-firmware/bin/gate.js', import.meta.url));

export interface TesterParts {
  readonly reader: SandboxReader;
  readonly slot?: Slot;
  /** By what the plan calls them; of one that is not here nothing is tapped. */
  readonly cards: Readonly<Record<string, CardFile>>;
  readonly directory: string;
  /** Each line that it says for people. */
  readonly onLine?: (line: string) => void;
}

export interface Rehearsed {
  readonly code: number | null;
  readonly out: string;
  readonly lines: readonly string[];
}

/** `gate rehearse` in that directory, and a tester who taps the cards that it asks for. */
export async function rehearseWithCards(
  argv: readonly string[],
  { reader, slot = 0, cards, directory, onLine }: TesterParts,
): Promise<Rehearsed> {
  const child = spawn(process.execPath, [GATE, 'rehearse', ...argv], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  let inserted: InsertedCard | undefined;
  const tap = async (name: string | undefined) => {
    await inserted?.remove();
    const card = name === undefined ? undefined : cards[name];
    inserted = card && (await reader.insert(card, { slot }));
  };
  let turn: Promise<unknown> = Promise.resolve();
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('{')) return;
    lines.push(line);
    onLine?.(line);
    const name = /^tap (\S+): /.exec(line)?.[1];
    if (name !== undefined) {
      turn = turn
        .then(() => tap(name))
        .catch((error: unknown) => {
          child.kill('SIGTERM');
          throw error;
        });
    }
  });
  const [code] = (await once(child, 'close')) as [number | null];
  await turn;
  await tap(undefined);
  return { code, out, lines };
}
