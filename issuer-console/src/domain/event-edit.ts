import type { Asker } from './asker.ts';
import type { Origin } from './audit.ts';
import type { Seal } from './credential.ts';
import {
  type Event,
  type EventStore,
  type EventTerms,
  noSeal,
  parseTerms,
  requireEvent,
} from './event.ts';
import type { SealedPurchase } from './purchase.ts';
import { openRow, problemOf, rulesOf } from './purchase-row.ts';
import { type Edit, editedMeanwhile, RefusedError } from './refusal.ts';

/** What is to become of an event that somebody saw in that revision. */
export interface EventEdit extends Partial<EventTerms> {
  readonly id: string;
  readonly revision: number;
  readonly archived?: boolean | undefined;
}

export interface EventEditStore {
  /** `importing` where an import of it is under way and `wanted` asks for none. */
  edit(event: Event, wanted: WantedEdit, origin: Origin): Promise<Edit | 'importing'>;
  /** In the order of their numbers, later than `after`; none that was cancelled. */
  rows(event: Event, after: string, limit: number): Promise<SealedPurchase[]>;
  /** How many places of its offers are at other gates. */
  placesElsewhere(event: Event, gates: readonly string[]): Promise<number>;
}

export interface WantedEdit {
  readonly terms: EventTerms;
  readonly archived: boolean;
  readonly revision: number;
  /** It takes something away: no import may be checked by what was before. */
  readonly narrower: boolean;
}

export interface EventEditorDeps {
  readonly events: EventStore;
  readonly eventEdits: EventEditStore;
  readonly seal: Seal | undefined;
  readonly now: () => number;
}

export interface EventEditor {
  /**
   * Throws `ERR_EVENT_ROWS` where purchases or places that are offered would no longer fit, unless they need not:
   * then they are turned away when the list is built.
   */
  edit(asker: Asker, edit: EventEdit, anyway: boolean): Promise<Event>;
}

const PAGE = 500;
/** Who has more wrong than this has seen enough. */
const COUNTED = 100;

export function eventEditor(deps: EventEditorDeps): EventEditor {
  const { events, eventEdits, now } = deps;
  return {
    edit: async (asker, { id, revision, archived, ...edit }, anyway) => {
      const held = await requireEvent(events, asker.scope, id);
      const terms = parseTerms({ ...held, ...given(edit) });
      const narrower = isNarrower(held, terms);
      if (narrower && !anyway) await requireFit(deps, { ...held, ...terms });
      const wanted = {
        terms,
        narrower,
        revision,
        archived: archived ?? held.archivedAt !== undefined,
      };
      const outcome = await eventEdits.edit(held, wanted, { by: asker.by, at: now() });
      if (outcome === 'importing') throw importing();
      if (outcome !== 'changed') throw editedMeanwhile();
      return requireEvent(events, asker.scope, id);
    },
  };
}

/** Without what was left out. */
function given(edit: Partial<EventTerms>): Partial<EventTerms> {
  return Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
}

function isNarrower(held: EventTerms, { gates, issuers, admission }: EventTerms): boolean {
  return (
    held.gates.some((gate) => !gates.includes(gate)) ||
    held.issuers.some((issuer) => !issuers.includes(issuer)) ||
    admission.from > held.admission.from ||
    admission.until < held.admission.until
  );
}

async function requireFit(deps: EventEditorDeps, event: Event): Promise<void> {
  const places = await deps.eventEdits.placesElsewhere(event, event.gates);
  const { count, first } = await misfits(deps, event);
  if (places + count === 0) return;
  const many = count < COUNTED ? String(count) : `${COUNTED} or more`;
  const which = first === undefined ? '' : `, first ${first}`;
  throw new RefusedError(
    'conflict',
    'ERR_EVENT_ROWS',
    `no longer fit: ${many} purchases${which}; ${places} places that are offered`,
  );
}

async function misfits(
  { eventEdits, seal }: EventEditorDeps,
  event: Event,
): Promise<{ count: number; first: string | undefined }> {
  const rules = rulesOf(event);
  const found: string[] = [];
  for (let after = ''; found.length < COUNTED; ) {
    const page = await eventEdits.rows(event, after, PAGE);
    if (page.length > 0 && !seal) throw noSeal();
    for (const { purchaseId, sealed } of page) {
      const row = openRow(sealed, { eventId: event.id, purchaseId, seal: seal! });
      if (!row || problemOf(row, event, rules)) found.push(purchaseId);
      after = purchaseId;
    }
    if (page.length < PAGE) break;
  }
  return { count: Math.min(COUNTED, found.length), first: found[0] };
}

const importing = () =>
  new RefusedError('conflict', 'ERR_IMPORT_RUNNING', 'an import of this event is under way');
