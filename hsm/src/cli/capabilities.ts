import { mechanismName } from '@pinless-gate/protocol/transport-mechanism';
import { EXIT_OK, type Io } from '@pinless-gate/runtime/program';
import type { Capability } from '../key-store.ts';
import { withKeyStore } from './options.ts';

/** `hsm status --capabilities`: what the module was seen to do, and what follows from what it does not. */
export async function showCapabilities(
  config: string | undefined,
  json: boolean,
  io: Io,
): Promise<number> {
  const { checks, wraps, unwraps, enforcesTrust } = await withKeyStore(config, (store) =>
    store.capabilities(),
  );
  if (json) {
    const names = { wraps: wraps.map(mechanismName), unwraps: unwraps.map(mechanismName) };
    io.out(JSON.stringify({ ...names, enforcesTrust, checks }));
    return EXIT_OK;
  }
  const width = Math.max(...checks.map(({ mechanism }) => mechanism.length));
  let need = '';
  for (const check of checks) {
    if (check.need !== need) io.out(`to ${check.need}`);
    need = check.need;
    io.out(lineOf(check, width));
  }
  const met = new Set(checks.filter(({ outcome }) => outcome === 'works').map((one) => one.need));
  const unmet = checks.filter((check) => !met.has(check.need) && check.outcome === 'missing');
  for (const line of new Set(unmet.map((check) => `cannot ${check.need}: ${check.without}`))) {
    io.out(line);
  }
  return EXIT_OK;
}

function lineOf({ mechanism, outcome, listed, why }: Capability, width: number): string {
  const said = listed === undefined ? '' : listed ? ', listed' : ', not listed';
  return `  ${mechanism.padEnd(width)}  ${outcome}${said}${why === undefined ? '' : `: ${why}`}`;
}
