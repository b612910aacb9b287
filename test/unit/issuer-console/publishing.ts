import { createHash, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Publishing } from '@pinless-gate/issuer-console/desks';
import type { BuiltList } from '@pinless-gate/issuer-console/domain/list-publication';
import type { PublishPlan } from '@pinless-gate/issuer-console/publishing/config';
import type {
  BuildAnswer,
  ListBuilder,
} from '@pinless-gate/issuer-console/publishing/list-builder';
import { NOW } from './fixture.ts';

export function planOf(eventId: string, more: Partial<PublishPlan> = {}): PublishPlan {
  // Made with the first list, removed when the console ends.
  const work = join(tmpdir(), `console-publish-${randomBytes(8).toString('hex')}`);
  return {
    ...{ eventId, work, event: join(work, 'event.toml'), feed: work, name: 'An event' },
    ...{ to: join(work, 'bundle'), crls: [], renewals: undefined, allowRejects: 0, keep: 20 },
    ...{ secondApproval: [], maxLossPercent: 5, publishers: undefined, schedule: undefined },
    ...{ asks: false, staleAfterS: 86_400 },
    ...more,
  };
}

/** Letters of a fingerprint that a list of this version has. */
export const fingerprintOf = (version: number) => `K7F2Q${'23456789ABCDEFGHJK'[version % 18]}`;

export function builtOf(version: number, more: Partial<BuiltList> = {}): BuiltList {
  return {
    hash: createHash('sha256').update(`list ${version}`).digest('hex'),
    ...{ version, fingerprint: fingerprintOf(version), entries: 100 },
    ...{ issuedAt: NOW, expiresAt: NOW + 86_400_000, signers: ['ab'.repeat(32)] },
    ...more,
  };
}

/** Builds at once, whatever the feed; does first what `before` says. */
export class FakeBuilder implements ListBuilder {
  version = 0;
  next: Partial<BuildAnswer> = {};
  before: (what: 'build' | 'publish') => Promise<void> = async () => {};
  readonly published: string[] = [];
  #last: BuiltList | undefined;

  async build(): Promise<BuildAnswer> {
    await this.before('build');
    this.version += 1;
    const counts = { purchases: 100, added: 1, removed: 0, changed: 0, before: 99, rejected: 0 };
    const more = { leftOut: {}, expiring: 0, pending: 0, cancelled: 0, unchecked: 0 };
    const made = { list: builtOf(this.version), counts: { ...counts, ...more }, findings: [] };
    const answer = { ...made, ...this.next };
    this.#last = answer.list;
    return answer;
  }

  async sign({ signatures }: { readonly signatures: Uint8Array }): Promise<BuiltList> {
    const { signers } = this.#last!;
    return { ...this.#last!, signers: [...signers, Buffer.from(signatures).toString('hex')] };
  }

  async publish({ hash }: { readonly hash: string }): Promise<BuiltList> {
    await this.before('publish');
    this.published.push(hash);
    return this.#last!;
  }

  /** What is under way when it is closed. */
  cut: () => void = () => {};

  async close(): Promise<void> {
    this.cut();
  }
}

export function publishingOf(builder: ListBuilder, ...plans: PublishPlan[]): Publishing {
  return { plans, open: async () => builder, alarm: () => () => {} };
}
