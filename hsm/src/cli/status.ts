import { parseArgs } from 'node:util';
import { EXIT_OK, EXIT_REFUSED, type Io } from '@pinless-gate/runtime/program';
import type { KeyInfo, SelftestCheck } from '../key-store.ts';
import { showCapabilities } from './capabilities.ts';
import { COMMON_OPTIONS, withKeyStore } from './options.ts';
import { ceremonyLines, ceremonyStatus } from './status-ceremony.ts';

/** `hsm status`. Exit code 1 where something is wrong with a key of ours. */
export async function statusCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { ...COMMON_OPTIONS, capabilities: { type: 'boolean', default: false } },
  });
  if (values.capabilities) return showCapabilities(values.config, values.json, io);
  const { status, around } = await withKeyStore(values.config, async (store) => ({
    status: await store.status(),
    around: await ceremonyStatus(values.config!, store),
  }));
  const { module, token, keys, weaker } = status;
  const problems = [...status.problems, ...around.problems];
  const code = problems.length === 0 ? EXIT_OK : EXIT_REFUSED;
  if (values.json) {
    io.out(JSON.stringify({ ...status, ...around, problems }));
    return code;
  }
  io.out(`module  ${module.path} (${module.description} ${module.version})`);
  io.out(`token   "${token.label}", serial ${token.serial}, ${token.manufacturer} ${token.model}`);
  if (token.pinCountLow) io.out('        a wrong PIN was tried since the last right one');
  if (token.writeProtected) io.out('        write-protected');
  for (const line of keys.map(keyLine)) io.out(line);
  if (keys.length === 0) io.out('keys    none');
  for (const line of ceremonyLines(around)) io.out(line);
  for (const line of weaker) io.out(`weaker  ${line}`);
  for (const { code, message, hint } of problems) {
    io.err(`hsm status: ${message} [${code}]`);
    if (hint) io.err(`  ${hint}`);
  }
  return code;
}

function keyLine({ label, kind, type, bits, usage, ...key }: KeyInfo): string {
  const marks = [
    key.sensitive ? 'sensitive' : 'NOT SENSITIVE',
    extraction(key),
    key.local && key.alwaysSensitive ? 'made here' : 'brought here',
  ];
  return `key     ${label}  ${kind ?? 'other'}  ${type}${bits === 0 ? '' : `-${bits}`}  ${marks.join(', ')}  may ${usage.join(', ') || 'nothing'}`;
}

function extraction({
  extractable,
  wrapWithTrusted,
}: Pick<KeyInfo, 'extractable' | 'wrapWithTrusted'>): string {
  if (!extractable) return 'not extractable';
  return wrapWithTrusted ? 'leaves under trusted keys only' : 'EXTRACTABLE';
}

/** `hsm selftest`. Exit code 1 where a check failed; a check that the module does not allow is shown as such. */
export async function selftestCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: COMMON_OPTIONS });
  const report = await withKeyStore(values.config, (store) => store.selftest());
  if (values.json) io.out(JSON.stringify(report));
  else for (const line of report.checks.map(checkLine)) io.out(line);
  if (!report.passed) io.err('hsm selftest: the module or a key is not right [ERR_HSM_SELFTEST]');
  return report.passed ? EXIT_OK : EXIT_REFUSED;
}

function checkLine({ name, label, outcome, why }: SelftestCheck): string {
  return `${outcome.padEnd(8)}  ${name}${label ? ` ${label}` : ''}${why ? `: ${why}` : ''}`;
}
