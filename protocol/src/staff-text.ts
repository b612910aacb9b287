export interface StaffText {
  /** What happened. */
  readonly what: string;
  /** What to check or do next. */
  readonly next: string;
}
