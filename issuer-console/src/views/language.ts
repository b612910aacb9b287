export const LANGUAGES = ['ja', 'en'] as const;

export type Language = (typeof LANGUAGES)[number];

/** Times and numbers as people of a language write them, in one time zone. */
export class Format {
  readonly language: Language;
  readonly timeZone: string;
  readonly #numbers: Intl.NumberFormat;
  readonly #clock: Intl.DateTimeFormat;
  readonly #minute: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #moment: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #offset: Intl.DateTimeFormat;

  constructor(language: Language, timeZone: string) {
    this.language = language;
    this.timeZone = timeZone;
    const locale = language === 'ja' ? 'ja-JP' : 'en-GB';
    const formats = (options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat(locale, { timeZone, ...options });
    this.#numbers = new Intl.NumberFormat(locale);
    this.#clock = formats({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
    this.#minute = formats({ hour: '2-digit', minute: '2-digit' });
    this.#day = formats({ month: 'numeric', day: 'numeric' });
    this.#moment = formats({ month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
    this.#date = formats({
      year: 'numeric',
      month: 'long',
      day: 'numeric',
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
    });
    this.#offset = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'shortOffset' });
  }

  number(value: number): string {
    return this.#numbers.format(value);
  }

  /** `18:04` */
  minute(at: number): string {
    return this.#minute.format(at);
  }

  /** `18:04:05`; with the day before it where that is not the day of `now`. */
  time(at: number, now: number): string {
    const clock = this.#clock.format(at);
    const day = this.#day.format(at);
    return day === this.#day.format(now) ? clock : `${day} ${clock}`;
  }

  /** `12月20日 18:04` */
  moment(at: number): string {
    return this.#moment.format(at);
  }

  /** `2026年12月20日(日) 18:00` */
  date(at: number): string {
    return this.#date.format(at);
  }

  /** `2026-12-20T18:00:00+09:00`: as a field takes it back. */
  stamp(at: number): string {
    const parts = new Intl.DateTimeFormat('en', {
      timeZone: this.timeZone,
      timeZoneName: 'longOffset',
    }).formatToParts(at);
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign = '+', hours = '00', minutes = '00'] = /([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    const ahead = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
    return `${new Date(at + ahead).toISOString().slice(0, 19)}${sign}${hours}:${minutes}`;
  }

  /** How the zone is called, once a page: `Asia/Tokyo (GMT+9)`. */
  zone(now: number): string {
    const parts = this.#offset.formatToParts(now);
    const offset = parts.find(({ type }) => type === 'timeZoneName')?.value;
    return `${this.timeZone} (${offset})`;
  }
}

export function isoTime(at: number): string {
  return new Date(at).toISOString();
}
