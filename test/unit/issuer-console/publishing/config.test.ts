import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishTable, readPublishPlans } from '@pinless-gate/issuer-console/publishing/config';
import { readConfig } from '@pinless-gate/runtime/config';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

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

test('two events for one bundle directory are refused', async () => {
  const tables = await read(LEAST + LEAST);
  const shared = { to: '/srv/list', publishers: undefined };
  await expect(readPublishPlans('/etc/console.toml', tables, shared)).rejects.toMatchObject({
    code: 'ERR_CONFIG_KEY',
  });
});
