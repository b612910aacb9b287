import type { Document } from './markdown.ts';

/** A command line in a document: `npx hsm event-key new --event …`. */
export interface DocumentedCommand {
  readonly program: string;
  /** Words up to the first that is an option or names something. */
  readonly words: readonly string[];
  readonly options: readonly string[];
}

export function commandsOf({ code }: Document, programs: readonly string[]): DocumentedCommand[] {
  return code.flatMap((line) => {
    const [first, program, ...rest] = line
      .replace(/^\$ /, '')
      .replace(/\s+#.*$/, '')
      .split(/\s+/);
    if (first !== 'npx' || !programs.includes(program!)) return [];
    const stop = rest.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
    const options = rest.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]!);
    return [{ program: program!, words: stop < 0 ? rest : rest.slice(0, stop), options }];
  });
}

/** What is wrong with a command by the program's own usage text; undefined where nothing is. */
export function undocumented(
  { program, words, options }: DocumentedCommand,
  usage: string,
): string | undefined {
  // The words after a command name things, so the longest beginning that the usage knows is the command.
  const names = [2, 1].map((count) => words.slice(0, count).join(' '));
  const known = names.some((name) =>
    usage.split('\n').some((line) => {
      const text = line.trim().replace(new RegExp(`^${program} `), '');
      // A word in lower case right after it is the other half of its name.
      return (
        name !== '' && text.startsWith(name) && /^(?:$| {2}| [^a-z ])/.test(text.slice(name.length))
      );
    }),
  );
  if (!known) return `${program} has no command "${words.join(' ')}"`;
  const missing = options.find((option) => !new RegExp(`${option}(?![\\w-])`).test(usage));
  return missing === undefined ? undefined : `${program} ${words.join(' ')} has no ${missing}`;
}

/** `npm test`, `npm run demo`: names of package.json's scripts, in fenced blocks and `code` marks. */
export function scriptsOf({ prose, code }: Document): string[] {
  const marked = [...prose.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);
  return [...code, ...marked].flatMap((text) => {
    const [, run, test] =
      /\bnpm (?:--silent )?(?:run (?:--silent )?(\w[\w:-]*)|(test)\b)/.exec(text) ?? [];
    return run ?? test ?? [];
  });
}
