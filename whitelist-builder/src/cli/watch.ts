import { parseArgs } from 'node:util';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { derSignature } from '@pinless-gate/protocol/signature';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { type Command, EXIT_OK, EXIT_REFUSED, UsageError } from '@pinless-gate/runtime/program';
import { type EventPlan, readEventFile } from '../event-file.ts';
import { rulesOf } from '../event-rules.ts';
import { feedHolders } from '../validity/feed-holders.ts';
import { openValidity } from '../validity/open.ts';
import { type Watched, watchFeed } from '../validity/watch.ts';
import { readWatchState, writeWatchState } from '../validity/watch-state.ts';
import { deliver, isWebhookUrl, type Notice } from '../validity/webhook.ts';
import { asking } from './build.ts';
import { keepInputs, required } from './options.ts';
import { isoTime } from './passport.ts';

/**
 * `whitelist watch`: whose certificate was revoked or renewed since the last time. Exit code 1 where some could
 * not be checked.
 */
export const watchCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      feed: { type: 'string' },
      event: { type: 'string' },
      since: { type: 'string' },
      out: { type: 'string' },
      webhook: { type: 'string' },
      crl: { type: 'string', multiple: true, default: [] },
      renewals: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const feed = required(values.feed, '--feed');
  const eventPath = required(values.event, '--event');
  const since = required(values.since, '--since');
  const { out, webhook } = values;
  keepInputs([feed, eventPath], { '--since': since, ...(out !== undefined && { '--out': out }) });
  if ((out === undefined) === (webhook === undefined)) {
    throw new UsageError('give either --out or --webhook');
  }
  if (webhook !== undefined && !isWebhookUrl(webhook)) {
    throw new UsageError('--webhook is no https address, nor http on this machine');
  }
  const plan = await readEventFile(eventPath);
  const validity = plan.validity && { ...plan.validity, unproven: 'leave-out' as const };
  const event = { ...plan, validity };
  const eventId = toHex(plan.eventId);
  const keys = await openKeyStore(plan.hsm);
  try {
    const { event: eventKey, publisher } = plan.keys;
    await keys.require({ [eventKey]: 'event', [publisher]: 'publisher' });
    const before = await readWatchState(since, eventId);
    const now = Math.floor(Date.now() / 1000);
    const { source, issuers } = await openValidity({
      ...{ event, feed, crls: values.crl, renewals: values.renewals, keys },
      ...asking(io),
    });
    if (!source) throw new UsageError('nobody is asked: give --crl, --renewals or [validity]');
    const converter = new Converter(keys, eventKey);
    let unread = 0;
    const watched = await watchFeed(
      feedHolders(feed, rulesOf({ ...plan, issuers }, now), () => unread++),
      source,
      converter,
      before,
    );
    await tell(await noticeOf(event, watched, now, keys), watched, { out, webhook }, io.signal);
    await writeWatchState(since, eventId, watched.known);
    const { changes, holders } = watched;
    const unproven = watched.unproven + unread;
    if (values.json) io.out(JSON.stringify({ holders, changes: changes.length, unproven }));
    else io.out(`${holders} holders, ${changes.length} changes, ${unproven} not checked`);
    return unproven === 0 ? EXIT_OK : EXIT_REFUSED;
  } finally {
    await keys.close();
  }
};

/** What the vendor gets, signed by the publisher. The format keeps it apart from anything else that key signs. */
async function noticeOf(
  { eventId, keys: labels }: EventPlan,
  { changes }: Watched,
  now: number,
  keys: KeyStore,
): Promise<Notice> {
  const at = isoTime(now);
  const content = {
    format: 'pinless-gate/changes/1',
    eventId: toHex(eventId),
    at,
    changes: changes.map((change) => ({ ...change, at })),
  };
  const body = utf8(JSON.stringify(content));
  return { body, signature: derSignature(await keys.sign(labels.publisher, body)) };
}

async function tell(
  notice: Notice,
  { changes }: Watched,
  { out, webhook }: { readonly out?: string | undefined; readonly webhook?: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  if (webhook !== undefined && changes.length > 0) await deliver(webhook, notice, { signal });
  if (out === undefined) return;
  // The signature first: a file that is there can be verified.
  await writeFileDurably(`${out}.sig`, notice.signature, 0o600);
  await writeFileDurably(out, notice.body, 0o600);
}
