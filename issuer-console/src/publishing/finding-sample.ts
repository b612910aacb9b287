import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding, Findings } from '@pinless-gate/whitelist-builder/build/findings';
import type { ListFinding } from '../domain/list-publication.ts';

/** What a person has to know before a list goes out; who has more wrong than this looks at the first ones. */
const KINDS: ReadonlySet<string> = new Set(['rejected', 'left-out', 'expiring']);
export const MAX_FINDINGS = 1000;

/** The first findings of a build, with the purchases that they are of. */
export class FindingSample {
  readonly #feed: string;
  #taken: Finding[] = [];

  constructor(feed: string) {
    this.#feed = feed;
  }

  /** Of the build that counts: one that is broken off is begun anew. */
  async take(findings: Pick<Findings, 'lines'>): Promise<void> {
    this.#taken = [];
    for await (const line of findings.lines()) {
      const finding = JSON.parse(line) as Finding;
      if (KINDS.has(finding.kind)) this.#taken.push(finding);
      if (this.#taken.length >= MAX_FINDINGS) return;
    }
  }

  /** Lines of a feed that is made here say nothing to anybody: rejected ones are told by purchase too. */
  async findings(): Promise<ListFinding[]> {
    const nameless = this.#taken.filter(({ purchaseId }) => purchaseId === undefined);
    const names = await purchasesAt(this.#feed, nameless);
    return this.#taken.map((finding) => ({
      kind: finding.kind,
      purchaseId: finding.purchaseId ?? names.get(placeOf(finding)),
      line: finding.line,
      field: finding.field ?? '',
      reason: finding.reason ?? '',
    }));
  }
}

const placeOf = ({ file, line }: Pick<Finding, 'file' | 'line'>) => `${file}:${line}`;

async function purchasesAt(
  feed: string,
  findings: readonly Finding[],
): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const wanted = new Set(findings.map(placeOf));
  for (const file of new Set(findings.map((one) => one.file!))) {
    const opened = await open(join(feed, file));
    try {
      let line = 0;
      for await (const text of opened.readLines({ autoClose: false })) {
        line++;
        const place = placeOf({ file, line });
        if (!wanted.has(place)) continue;
        const { purchaseId } = JSON.parse(text) as { purchaseId: string };
        names.set(place, purchaseId);
      }
    } finally {
      await opened.close();
    }
  }
  return names;
}
