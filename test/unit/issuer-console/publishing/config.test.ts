import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishTable, readPublishPlans } from '@pinless-gate/issuer-console/publishing/config';
import { readConfig } from '@pinless-gate/runtime/config';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { newCa } from '../../whitelist-builder/fixture.ts';

const SCHEDULE = `[publish.schedule]
daily = "04:00"
every_minutes = 10
from = 2026-12-20T15:00:00+09:00
until = 2026-12-20T21:00:00+09:00
`;
const LEAST = '[[publish]]\nevent = "event.toml"\nwork = "publish"\n';

async function read(text: string) {
  const directory = await mkdtemp(join(tmpdir(), 'console-publish-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'issuer-console.toml');
  await writeFile(path, text);
  return (await readConfig(path, z.strictObject({ publish: z.array(publishTable) }))).publish;
}

test('the least there can be', async () => {
  expect(await read(LEAST)).toEqual([
    {
      ...{ event: 'event.toml', work: 'publish', crl: [], allow_rejects: 0, keep: 20 },
      ...{ second_approval: [], max_loss_percent: 5 },
    },
  ]);
});

test('a schedule with times of the venue', async () => {
  const [table] = await read(LEAST + SCHEDULE);
  expect(table!.schedule).toMatchObject({
    daily: '04:00',
    from: Date.parse('2026-12-20T15:00:00+09:00') / 1000,
  });
});

test.each([
  ['a time of day that is none', LEAST + SCHEDULE.replace('04:00', '24:00')],
  ['every N minutes, from when on?', `${LEAST}[publish.schedule]\nevery_minutes = 10\n`],
  ['a time without offset', LEAST + SCHEDULE.replace('15:00:00+09:00', '15:00:00')],
  ['a reason that is none', `${LEAST}second_approval = ["always"]\n`],
  ['a word that is not known', `${LEAST}approval = true\n`],
])('%s is refused', async (_, text) => {
  await expect(read(text)).rejects.toMatchObject({ code: 'ERR_CONFIG_KEY' });
});

const eventToml = (id: string, name: string) => `id = "${id}"
name = "${name}"
place = "横浜"
starts_at = 2026-12-20T18:00:00+09:00
[admission]
from = 2026-12-20T15:00:00+09:00
until = 2026-12-20T21:00:00+09:00
[policy]
gates = ["A"]
tolerance_minutes = 10
stale_after_hours = 24
refuse_after_hours = 72
[[issuers]]
name = "jpki-auth"
certificate = "ca.pem"
[hsm]
module = "/usr/lib/none.so"
token_label = "none"
pin_file = "pin"
`;

const [A, B] = ['a'.repeat(32), 'b'.repeat(32)];

/** Two `[[publish]]`: of event A as it is least, of event B with these lines. */
async function plansOf(ofB: string, event = 'b.toml') {
  const directory = await mkdtemp(join(tmpdir(), 'console-publish-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'event.toml'), eventToml(A, '冬'));
  await writeFile(join(directory, 'b.toml'), eventToml(B, '春'));
  await writeFile(join(directory, 'ca.pem'), (await newCa()).pem);
  await mkdir(join(directory, 'bundle'));
  await symlink('bundle', join(directory, 'link'));
  const tables = await read(`${LEAST}[[publish]]\nevent = "${event}"\n${ofB}`);
  const shared = { to: join(directory, 'bundle'), publishers: undefined };
  const plans = await readPublishPlans(join(directory, 'console.toml'), tables, shared);
  return { directory, plans };
}

test('two events have a directory each', async () => {
  const { directory, plans } = await plansOf('work = "b"\nbundle = "bundle/b"\n');
  expect(plans.map(({ eventId, name, to }) => [eventId, name, to])).toEqual([
    [A, '冬', join(directory, 'bundle')],
    [B, '春', join(directory, 'bundle/b')],
  ]);
});

test.each([
  ['no directory of its own', 'work = "b"', 'publish.1.bundle'],
  ['the shared directory by its name', 'work = "b"\nbundle = "x/../bundle/"', 'publish.1.bundle'],
  ['the shared directory by a link', 'work = "b"\nbundle = "link"', 'publish.1.bundle'],
  ['what the other builds', 'work = "b"\nbundle = "publish/list"', 'publish.1.bundle'],
  ['one place to build', 'work = "publish"\nbundle = "b"', 'publish.1.work'],
  ['a feed that takes the other with it', 'work = "b"\nfeed = "."\nbundle = "c"', 'publish.1.feed'],
  ['a feed among the other', 'work = "b"\nfeed = "publish/feed"\nbundle = "c"', 'publish.1.feed'],
])('refused, and the key is named: %s', async (_, ofB, key) => {
  await expect(plansOf(`${ofB}\n`)).rejects.toMatchObject({
    code: 'ERR_CONFIG_KEY',
    message: expect.stringContaining(`${key}: `),
  });
});

test('one event twice is refused', async () => {
  const twice = plansOf('work = "b"\nbundle = "c"\n', 'event.toml');
  await expect(twice).rejects.toMatchObject({
    code: 'ERR_CONFIG_KEY',
    message: expect.stringContaining('publish.1.event: '),
  });
});
