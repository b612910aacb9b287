import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../e2e/gate/fixtures/disk.c', import.meta.url));

/** What a process must have in its environment for its disk to fail as the file at DISK_FAULT says. */
export interface DiskFault {
  readonly LD_PRELOAD: string;
  readonly DISK_FAULT: string;
}

export function compileDiskFault(directory: string): DiskFault {
  const library = join(directory, 'disk.so');
  execFileSync('gcc', ['-shared', '-fPIC', '-Wall', '-Werror', '-o', library, SOURCE, '-ldl']);
  return { LD_PRELOAD: library, DISK_FAULT: join(directory, 'disk-fault') };
}
