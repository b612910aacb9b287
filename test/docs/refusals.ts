import { ATTENDEE_TEXT } from '@pinless-gate/gate-firmware/admission/refusal';
import { LANGUAGES } from '@pinless-gate/protocol/record';
import { REFUSAL_REASONS, type RefusalReason, STAFF_TEXT } from '@pinless-gate/protocol/refusal';

const HEAD = `# Why a tap does not admit

Every refusal has a stable code: it stands in the journal, in the log, on the console and in \`gate_taps_total\`. The attendee reads what to do,
in the language of the ticket, and never what is wrong; staff read what happened and what to do next. Rules are in [rules.md](rules.md).

This page is written by \`npm run refusals\` from \`protocol/src/refusal.ts\`, the texts for staff beside it, and \`gate-firmware/src/admission/refusal.ts\`; \`npm test\` checks that it is current.
`;

/** docs/refusals.md, as the code has it today. */
export function refusalsPage(): string {
  return [
    HEAD,
    '## What staff read\n',
    table(['code', 'what happened', 'next', '何が起きたか', '次にすること'], (reason) => {
      const { en, ja } = STAFF_TEXT[reason];
      return [`\`${reason}\``, en.what, en.next, ja.what, ja.next];
    }),
    '## What the attendee reads\n',
    table(['code', ...LANGUAGES], (reason) => [
      `\`${reason}\``,
      ...LANGUAGES.map((language) => {
        const { title, action } = ATTENDEE_TEXT[reason][language];
        return `**${title}**<br>${action}`;
      }),
    ]),
  ].join('\n');
}

function table(head: readonly string[], row: (reason: RefusalReason) => readonly string[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = [head, head.map(() => '---'), ...REFUSAL_REASONS.map(row)];
  return `${rows.map(line).join('\n')}\n`;
}
