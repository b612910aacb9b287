import type { Built } from '../build/build.ts';
import { FINDING_KINDS, type Finding, type FindingKind, type Findings } from '../build/findings.ts';
import { FileBeside } from '../file-beside.ts';
import type { FeedPlace } from '../purchase/feed.ts';
import { summaryOf } from './build-summary.ts';

const FORMAT = 'pinless-gate/build-report/1';

/** Everything there is to say of single rows: JSON where the name ends so, else for reading. */
export async function writeReport(path: string, built: Built, findings: Findings): Promise<void> {
  const file = await FileBeside.create(path);
  try {
    if (path.endsWith('.json')) await writeJson(file, built, findings);
    else await writeText(file, built, findings);
    await file.finish();
  } finally {
    await file.discard();
  }
}

async function writeJson(file: FileBeside, built: Built, findings: Findings): Promise<void> {
  const counts = Object.fromEntries(FINDING_KINDS.map((kind) => [kind, findings.count(kind)]));
  const head = JSON.stringify({ format: FORMAT, ...summaryOf(built), counts });
  file.add(`${head.slice(0, -1)},"findings":[`);
  let separator = '\n';
  for await (const line of findings.lines()) {
    file.add(`${separator}${line}`);
    separator = ',\n';
    await file.drain();
  }
  file.add('\n]}\n');
}

/** What becomes of a row, for a heading. */
const HEADINGS: Readonly<Record<FindingKind, string>> = {
  rejected: 'bad lines, not listed',
  replaced: 'replaced by a later file',
  repeated: 'the same row again, counted once',
  merged: 'another purchase of a card that is listed already: one entry opens both',
  'left-out': 'cards of paid purchases, left out',
  expiring: 'listed with a certificate that ends before admission: cannot enter',
  pending: 'pending, not listed',
  cancelled: 'cancelled, not listed',
};

async function writeText(file: FileBeside, built: Built, findings: Findings): Promise<void> {
  const { manifest, gathered } = built;
  const number = (n: number) => n.toLocaleString('en');
  file.add(`version ${manifest.version}: ${number(manifest.entryCount)} entries`);
  file.add(` of ${number(gathered.lines)} rows\n`);
  for (const kind of FINDING_KINDS) {
    if (findings.count(kind) === 0) continue;
    file.add(`\n${number(findings.count(kind))} ${HEADINGS[kind]}:\n`);
    for await (const line of findings.lines()) {
      const finding = JSON.parse(line) as Finding;
      if (finding.kind === kind) file.add(`  ${sentence(finding)}\n`);
      await file.drain();
    }
  }
}

function sentence(finding: Finding): string {
  const { purchaseId, field, reason, by } = finding;
  const what = [purchaseId, field, reason].filter(Boolean).join(': ');
  const other = by ? `see ${where(by)}` : '';
  return [where(finding), what, other].filter(Boolean).join('  ');
}

function where({ file, line }: FeedPlace): string {
  return file === undefined ? `line ${line}` : `${file}:${line}`;
}
