/** What happened to one ticket, event by event. Everything that is known of it is read off from here. */
export interface Event {
  readonly kind: 'in' | 'out' | 'cleared';
  readonly sequence: number;
  readonly at: number;
  readonly gate?: string | undefined;
  readonly day: number;
  readonly counted: boolean;
  /** Waits for a sensor. */
  awaits: boolean;
}

export class TicketHistory {
  readonly events: Event[] = [];
  blocked = false;
  /** Whether the newest event may be taken back: it was not brought up by taking back another one. */
  newest = false;

  push(event: Event): void {
    this.events.push(event);
    this.newest = event.kind !== 'cleared';
  }

  get last(): Event | undefined {
    return this.events.at(-1);
  }

  get inside(): boolean {
    return this.last?.kind === 'in';
  }

  get readmitted(): boolean {
    return this.last?.kind === 'cleared';
  }

  /** Went out through a lane, and did not come back. */
  get left(): boolean {
    return this.last?.kind === 'out';
  }

  get lastIn(): Event | undefined {
    return this.events.findLast(({ kind }) => kind === 'in');
  }

  get counted(): Event[] {
    return this.events.filter(({ kind, counted }) => kind === 'in' && counted);
  }

  get pending(): Event | undefined {
    return this.newest && this.last?.awaits ? this.last : undefined;
  }

  /** Entries on a day; one before the newest day that was seen is that day still. */
  countedOn(day: number): number {
    let newest = Number.NEGATIVE_INFINITY;
    let count = 0;
    for (const event of this.counted) {
      count = event.day > newest ? 1 : count + 1;
      newest = Math.max(newest, event.day);
    }
    return day <= newest ? count : 0;
  }

  /** Whether anything changed. */
  takeBack(sequence: number): boolean {
    if (!this.newest || this.last?.sequence !== sequence) return false;
    this.events.pop();
    this.newest = false;
    return true;
  }
}
