/** The words of charts. Each has a title, a sentence that says what is seen, and a table. */
export interface ChartMessages {
  readonly heading: string;
  readonly none: string;
  readonly table: string;
  readonly time: string;
  readonly all: string;
  readonly entered: ChartWords & {
    readonly expected: (n: string) => string;
    readonly told: (entered: string, expected: string | undefined, moment: string) => string;
    readonly sum: string;
  };
  readonly pace: ChartWords & { readonly told: (most: string, moment: string) => string };
  readonly durations: ChartWords & {
    readonly gate: string;
    readonly taps: string;
    readonly half: string;
    readonly most: string;
    readonly told: (gate: string, ms: string) => string;
  };
  readonly refusals: ChartWords & {
    readonly reason: string;
    readonly taps: string;
    readonly empty: string;
    readonly told: (n: string, reason: string) => string;
  };
  readonly noForecast: string;
  readonly purchases: ChartWords & {
    readonly series: Readonly<Record<'paid' | 'pending' | 'cancelled' | 'linked', string>>;
    readonly told: (paid: string, moment: string) => string;
  };
  readonly lists: ChartWords & {
    readonly version: string;
    readonly entries: string;
    readonly told: (version: string, entries: string) => string;
  };
}

export interface ChartWords {
  readonly title: string;
  readonly what: string;
}
