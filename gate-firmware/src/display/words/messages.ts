/** One thought for a screen: what is so, and what to do. */
export interface Notice {
  readonly title: string;
  readonly action: string;
}

/** What the display says besides refusals. */
export interface Messages {
  /** Of the language, in itself. */
  readonly name: string;
  /** Of the page. */
  readonly page: string;
  /** Of the switch. */
  readonly chooseLanguage: string;
  readonly touch: string;
  readonly hold: string;
  readonly goIn: string;
  readonly goodbye: Notice;
  readonly gate: string;
  readonly block: string;
  readonly row: string;
  readonly number: string;
  /** One ticket of a party. */
  readonly guest: (place: number, size: number) => string;
  /** Several tickets on one card. */
  readonly guests: (count: number, size: number) => string;
  readonly noReceipt: string;
  readonly attention: string;
  readonly code: string;
  readonly helpDesk: string;
  readonly removed: Notice;
  readonly staff: Readonly<Record<'face-check' | 'attention', Notice>>;
  readonly alreadyOpen: Notice;
  readonly open: Notice;
  readonly evacuate: Notice;
  readonly outOfService: Notice;
  /** Out of service, and staff can read why without a book. */
  readonly clock: Notice;
  readonly closed: Notice;
  /** Categories known to us; any other is shown as the vendor names it. */
  readonly categories: Readonly<Record<string, string>>;
}
