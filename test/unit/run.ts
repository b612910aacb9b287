import { type Io, type Program, runProgram } from '@pinless-gate/runtime/program';

/** A command through the frame that every program has: exit code and what was written. */
export async function run(program: Program, ...argv: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const io: Io = {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    env: {},
    signal: new AbortController().signal,
    interactive: false,
  };
  return { code: await runProgram(program, argv, io), out, err };
}
