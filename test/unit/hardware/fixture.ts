import type { Io } from '@pinless-gate/runtime/program';

/** Takes what a command says; nothing interrupts it. */
export function quietIo(): Io & { readonly lines: string[] } {
  const lines: string[] = [];
  const take = (line: string) => void lines.push(line);
  const { signal } = new AbortController();
  return { out: take, err: take, env: {}, signal, interactive: false, lines };
}
