/** What a tutorial asks its reader to do, in its order. */
export type Step =
  | {
      readonly kind: 'command';
      readonly terminal: boolean;
      readonly command: string;
      readonly shown: readonly string[];
    }
  | { readonly kind: 'page'; readonly acts: readonly PageAct[] };

export type PageAct =
  | { readonly act: 'open'; readonly url: string }
  | { readonly act: 'fill'; readonly label: string; readonly value: string }
  | { readonly act: 'press'; readonly button: string };

/** Commands with what comes back (`console`), what is pasted whole (`sh`), and pages (`page`). */
export function stepsOf(text: string): Step[] {
  const blocks = [...text.matchAll(/^```(console|sh|page)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, language, body]): Step[] => {
    if (language === 'page') return [{ kind: 'page', acts: lines(body!).map(actOf) }];
    if (language === 'console') return commandsOf(body!);
    return [{ kind: 'command', terminal: false, command: body!.trimEnd(), shown: [] }];
  });
}

const lines = (text: string) => text.trimEnd().split('\n');

/** A terminal of its own begins in the repository, and stays with its program. */
const OWN_TERMINAL = /^cd \S+ && /;

function commandsOf(body: string): Step[] {
  const [before, ...parts] = body.split(/^\$ /m);
  if (before !== '') throw new SyntaxError('a block of commands begins with one');
  return parts.map((part) => {
    const [command, ...shown] = lines(part);
    return { kind: 'command', terminal: OWN_TERMINAL.test(command!), command: command!, shown };
  });
}

function actOf(line: string): PageAct {
  if (/^https?:/.test(line)) return { act: 'open', url: line };
  const [, button] = /^\[(.+)\]$/.exec(line) ?? [];
  if (button !== undefined) return { act: 'press', button };
  const [, label, value] = /^([^:]+): (.+)$/.exec(line) ?? [];
  if (value === undefined) throw new SyntaxError(`not an act on a page: ${line}`);
  return { act: 'fill', label: label!, value };
}

/** Whether that is what a document shows: `…` stands for whatever differs, alone for lines. */
export function isShown(shown: readonly string[], output: string): boolean {
  const patterns = shown.map((line) =>
    line === '…' ? '(?:.*\n)*?' : `${line.split('…').map(quoted).join('.*')}\n`,
  );
  return new RegExp(`^${patterns.join('')}$`).test(output);
}

const quoted = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
