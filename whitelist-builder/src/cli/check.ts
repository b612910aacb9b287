import { parseArgs } from 'node:util';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { type Command, EXIT_OK, EXIT_REFUSED } from '@pinless-gate/runtime/program';
import { type EventPlan, readEventFile } from '../event-file.ts';
import { rulesOf } from '../event-rules.ts';
import { FileBeside } from '../file-beside.ts';
import { type FeedHolder, feedHolders, isRenewed } from '../validity/feed-holders.ts';
import { openValidity } from '../validity/open.ts';
import {
  CANNOT_ENTER_TEXT,
  type CannotEnter,
  cannotEnter,
  type ReportLine,
} from '../validity/report.ts';
import { asking } from './build.ts';
import { keepInputs, required } from './options.ts';

/**
 * `whitelist check`: which purchases' cards cannot enter, as things are. Needs no HSM, unless requests
 * are signed. Exit code 0 only if all
 * can; cards that renewed with a link can.
 */
export const checkCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      feed: { type: 'string' },
      event: { type: 'string' },
      crl: { type: 'string', multiple: true, default: [] },
      renewals: { type: 'string' },
      report: { type: 'string' },
      linked: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const feed = required(values.feed, '--feed');
  const eventPath = required(values.event, '--event');
  if (values.report !== undefined) keepInputs([feed, eventPath], { '--report': values.report });
  const plan = await readEventFile(eventPath);
  // Whatever stops a build is told here by purchase.
  const validity = plan.validity && { ...plan.validity, unproven: 'leave-out' as const };
  const { revocation, issuers } = await withRequestKeys(plan, (keys) =>
    openValidity({
      ...{ event: { ...plan, validity }, feed, crls: values.crl, renewals: values.renewals, keys },
      ...asking(io),
    }),
  );
  const counts: Partial<Record<CannotEnter, number>> = {};
  let [holders, renewed, unread] = [0, 0, 0];
  const report =
    values.report === undefined ? undefined : await FileBeside.create(values.report, 0o600);
  try {
    const rules = rulesOf({ ...plan, issuers }, Math.floor(Date.now() / 1000));
    for await (const holder of feedHolders(feed, rules, () => unread++)) {
      holders++;
      if (isRenewed(holder)) renewed++;
      const reason = cannotEnter(holder, revocation, values.linked);
      if (!reason) continue;
      counts[reason] = (counts[reason] ?? 0) + 1;
      report?.add(`${JSON.stringify(lineOf(holder, reason))}\n`);
      await report?.drain();
    }
    await report?.finish();
  } finally {
    await report?.discard();
  }
  const cannot = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (values.json)
    io.out(JSON.stringify({ holders, renewed, cannotEnter: cannot, reasons: counts, unread }));
  else {
    io.out(`${holders} holders, ${renewed} renewed, ${cannot} cannot enter`);
    for (const [reason, count] of Object.entries(counts)) {
      io.out(
        `${String(count).padStart(8)}  ${reason}: ${CANNOT_ENTER_TEXT[reason as CannotEnter]}`,
      );
    }
  }
  if (unread > 0) io.err(`${unread} lines that a build turns away: see whitelist build`);
  return cannot + unread === 0 ? EXIT_OK : EXIT_REFUSED;
};

function lineOf({ purchase, place, field }: FeedHolder, reason: CannotEnter): ReportLine {
  return { purchaseId: purchase.purchaseId, ...place, field, reason };
}

/** The HSM is opened only where a key in it signs requests. */
async function withRequestKeys<T>(
  { validity, hsm }: EventPlan,
  use: (keys?: KeyStore) => Promise<T>,
): Promise<T> {
  if (!validity?.requestor) return use();
  const keys = await openKeyStore(hsm);
  try {
    return await use(keys);
  } finally {
    await keys.close();
  }
}
