/** What became of a change. `why` is there for those that are not counted. */
export interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly mutator: string;
  readonly replacement: string;
  readonly status: Status;
  readonly why: string | undefined;
}

type Status =
  | 'Killed'
  | 'Survived'
  | 'Timeout'
  | 'NoCoverage'
  | 'Ignored'
  | 'RuntimeError'
  | 'CompileError'
  | 'Pending';

/** What of Stryker's JSON report is read here. */
interface Report {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly mutants: readonly {
          readonly mutatorName: string;
          readonly replacement?: string;
          readonly status: Status;
          readonly statusReason?: string;
          readonly location: { readonly start: { readonly line: number; readonly column: number } };
        }[];
      }
    >
  >;
}

export function parseReport(text: string): Mutant[] {
  const { files } = JSON.parse(text) as Report;
  return Object.entries(files).flatMap(([file, { mutants }]) =>
    mutants.map(({ mutatorName, replacement = '', status, statusReason, location }) => ({
      file,
      ...location.start,
      mutator: mutatorName,
      replacement,
      status,
      why: status === 'Ignored' ? statusReason : undefined,
    })),
  );
}

export interface Score {
  readonly killed: number;
  readonly survived: number;
  readonly timedOut: number;
  readonly noCoverage: number;
  /** Not counted, as decided in docs/decisions. */
  readonly ignored: number;
  /** Neither told nor survived: what ended in an error outside of the tests. */
  readonly errors: number;
  /** Percent of those counted that a test told. */
  readonly score: number;
}

export function scoreOf(mutants: readonly Mutant[]): Score {
  const count = (...statuses: Status[]) =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  const killed = count('Killed');
  const timedOut = count('Timeout');
  const survived = count('Survived');
  const noCoverage = count('NoCoverage');
  const counted = killed + timedOut + survived + noCoverage;
  return {
    killed,
    survived,
    timedOut,
    noCoverage,
    ignored: count('Ignored'),
    errors: count('RuntimeError', 'CompileError', 'Pending'),
    score: counted === 0 ? 0 : (100 * (killed + timedOut)) / counted,
  };
}
