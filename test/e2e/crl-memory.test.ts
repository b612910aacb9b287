import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { AT, ca, user } from '../unit/protocol/certificate/authority.ts';
import { crl, entry, reason } from '../unit/protocol/certificate/crl-authority.ts';
import { int } from '../unit/protocol/certificate/issue.ts';

// A process of its own for each list: what it took at most is what the system says of it at its end.

const MILLION = 1_000_000;
const MIB = 1024 * 1024;
/**
 * 81 MiB on a machine with nothing else to do, 152 MiB seen where garbage waited to be collected; a parser that
 * keeps an object for each entry takes 900 MiB and more.
 */
const LIMIT = 256 * MIB;
const WHITELIST = join(import.meta.dirname, '../../whitelist-builder/bin/whitelist.js');
/** Kibibytes, on standard error, after everything else. */
const REPORT = 'process.on("exit", () => console.error(process.resourceUsage().maxRSS))';

const directory = mkdtempSync(join(tmpdir(), 'crl-memory-'));
afterAll(() => rmSync(directory, { recursive: true }));
function file(name: string, content: Uint8Array) {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** One entry after the other, the octets of the serial number counted up. */
function entries(count: number): Uint8Array {
  const first = entry('07000000', reason('01'));
  const all = new Uint8Array(count * first.length);
  const view = new DataView(all.buffer);
  for (let i = 0; i < count; i++) {
    all.set(first, i * first.length);
    view.setUint32(i * first.length + 4, 0x0700_0000 + i);
  }
  return all;
}

const paths = {
  ca: file('ca.der', ca()),
  good: file('good.der', user({ serial: int('0705d990ff') })),
  revoked: file('revoked.der', user({ serial: int('070f423f') })),
};

function ask(list: string) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(REPORT)}`,
      WHITELIST,
      ...['crl', 'verify', '--anchor', paths.ca, '--crl', list],
      ...['--cert', paths.good, '--cert', paths.revoked, '--at', new Date(AT).toISOString()],
    ],
    { encoding: 'utf8' },
  );
  return { status, lines: stdout.trim().split('\n'), rss: 1024 * Number(stderr.trim()) };
}

describe('whitelist crl verify, a million revoked certificates', () => {
  test('memory beyond that of an empty list stays within 256 MiB', () => {
    const small = ask(file('small.crl', crl({ entries: null })));
    expect(small.lines).toEqual([`${paths.good}: good`, `${paths.revoked}: good`]);

    const list = crl({ entries: [entries(MILLION)] });
    const started = performance.now();
    const large = ask(file('large.crl', list));
    const seconds = (performance.now() - started) / 1000;
    expect(large.status).toBe(1);
    expect(large.lines).toEqual([`${paths.good}: good`, `${paths.revoked}: revoked`]);

    const more = large.rss - small.rss;
    console.info(
      `list of ${(list.length / MIB).toFixed(1)} MiB: ${(more / MIB).toFixed(1)} MiB more than the ${(small.rss / MIB).toFixed(1)} MiB of an empty one, ${seconds.toFixed(2)} s`,
    );
    expect(small.rss).toBeGreaterThan(10 * MIB);
    expect(more).toBeLessThan(LIMIT);
  });
});
