import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { BundleError } from '@pinless-gate/protocol/bundle';
import { type Built, buildBundle } from '@pinless-gate/whitelist-builder/build/build';
import { type DiffSide, diffBundles } from '@pinless-gate/whitelist-builder/bundle/diff';
import {
  readLatestManifest,
  readSignatures,
} from '@pinless-gate/whitelist-builder/bundle/directory';
import type { EventPlan } from '@pinless-gate/whitelist-builder/event-file';
import { openValidity } from '@pinless-gate/whitelist-builder/validity/open';
import type { ListCounts } from '../domain/list-publication.ts';
import type { PublishPlan } from './config.ts';
import { FindingSample } from './finding-sample.ts';
import type { BuildAnswer } from './list-builder.ts';
import { builtListOf, stagingOf } from './publish-list.ts';

/** Builds the next list beside the one that gates read, and says what it would change. */
export async function buildList(
  plan: PublishPlan,
  event: EventPlan,
  keys: KeyStore,
): Promise<BuildAnswer> {
  const out = stagingOf(plan);
  await mkdir(plan.work, { recursive: true, mode: 0o700 });
  const published = await publishedIn(plan.to);
  const sample = new FindingSample(plan.feed);
  const built = await build(
    { plan, event, keys, out, version: await versionAfter(out, published) },
    sample,
  );
  const signatures = await readSignatures(out, built.hash);
  const after = { directory: out, ...built };
  const differs = published
    ? (await diffBundles(published, after)).entries
    : { added: built.manifest.entryCount, removed: 0, changed: 0 };
  return {
    list: builtListOf(built, signatures),
    counts: countsOf(built, differs, published),
    findings: await sample.findings(),
  };
}

interface Building {
  readonly plan: PublishPlan;
  readonly event: EventPlan;
  readonly keys: KeyStore;
  readonly out: string;
  readonly version: number | undefined;
}

async function build(
  { plan, event: read, keys, out, version }: Building,
  sample: FindingSample,
): Promise<Built> {
  const { signal } = new AbortController();
  const answers = join(plan.work, 'answers');
  const { issuers, revocation } = await openValidity({
    ...{ event: read, feed: plan.feed, crls: plan.crls, renewals: plan.renewals, keys, answers },
    ...{ now: Date.now, signal, progress: () => {} },
  });
  const built = await buildBundle({
    feed: plan.feed,
    out,
    rejects: join(plan.work, 'rejects.ndjson'),
    cache: join(plan.work, 'cache'),
    event: { ...read, issuers },
    ...{ keys, revocation, version, signal },
    allowRejects: plan.allowRejects,
    now: Math.floor(Date.now() / 1000),
    progress: { space: () => {}, cacheLost: () => {}, gathered: () => {}, written: () => {} },
    report: (_, findings) => sample.take(findings),
  });
  await rm(answers, { force: true });
  return built;
}

/** Undefined where nothing is published yet. */
async function publishedIn(directory: string): Promise<DiffSide | undefined> {
  try {
    return { directory, ...(await readLatestManifest(directory)) };
  } catch (error) {
    if (error instanceof BundleError && error.code === 'ERR_BUNDLE_LATEST_MISSING')
      return undefined;
    throw error;
  }
}

/** Where the staging directory is new, or older than what was published: above that. */
async function versionAfter(
  staging: string,
  published: DiffSide | undefined,
): Promise<number | undefined> {
  if (!published) return undefined;
  const { version } = published.manifest;
  const last = (await publishedIn(staging))?.manifest.version ?? 0;
  return last < version ? version + 1 : undefined;
}

function countsOf(
  { gathered, rejects, leftOut, tally, pending, cancelled }: Built,
  { added, removed, changed }: Pick<ListCounts, 'added' | 'removed' | 'changed'>,
  published: DiffSide | undefined,
): ListCounts {
  return {
    purchases: gathered.lines,
    ...{ added, removed, changed, pending, cancelled },
    before: published?.manifest.entryCount ?? 0,
    rejected: rejects,
    leftOut: leftOut.counts as Readonly<Record<string, number>>,
    expiring: tally.expiring,
    unchecked: tally.unchecked,
  };
}
