import { UsageError } from '@pinless-gate/runtime/program';

/** Every command needs to know which gate. */
export function configFile(value: string | undefined): string {
  if (value === undefined) {
    throw new UsageError('--config is missing', 'for instance: --config gate.toml');
  }
  return value;
}
