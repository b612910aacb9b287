import { askerOf } from './asker.ts';
import type { Origin } from './audit.ts';
import type { Event } from './event.ts';
import type { Why } from './list-publication.ts';
import { type Actor, may } from './permission.ts';
import { notHere, type ReleaseRules } from './publication-desk.ts';
import { RefusedError } from './refusal.ts';

/** For which reasons lists of an event wait for a second person. */
export interface SecondApproval {
  /** By the console's file: nothing here takes them away. */
  readonly always: readonly Why[];
  /** By whoever publishes lists of the event. */
  readonly wanted: readonly Why[];
}

export interface PublicationRulesStore {
  of(eventId: string): Promise<readonly Why[]>;
  /** False, and nothing is changed, where one of them would go and `mayDrop` is not set. */
  set(event: Event, wanted: RulesWanted, origin: Origin): Promise<boolean>;
}

export interface RulesWanted {
  readonly wanted: readonly Why[];
  readonly mayDrop: boolean;
}

export interface PublicationRules {
  of(event: Event): Promise<SecondApproval>;
  /** Throws `ERR_PUBLICATION_RULES` where somebody would take away the second pair of eyes on themselves. */
  set(actor: Actor, event: Event, wanted: readonly Why[]): Promise<void>;
}

export interface PublicationRulesDeps {
  readonly publicationRules: PublicationRulesStore;
  /** Undefined where this event's lists are not built here. */
  readonly rules: (eventId: string) => ReleaseRules | undefined;
  readonly now: () => number;
}

export function releaseRules(deps: PublicationRulesDeps): PublicationRules {
  const { publicationRules, rules, now } = deps;
  return {
    of: async ({ id }) => ({
      always: rules(id)?.secondApproval ?? [],
      wanted: await publicationRules.of(id),
    }),

    set: async (actor, event, wanted) => {
      if (!rules(event.id)) throw notHere();
      const asked = { wanted, mayDrop: may(actor, 'list.relax') };
      const origin = { by: askerOf(actor).by, at: now() };
      if (!(await publicationRules.set(event, asked, origin))) throw notYours();
    },
  };
}

const notYours = () =>
  new RefusedError(
    'forbidden',
    'ERR_PUBLICATION_RULES',
    'a second approval that is wanted is taken away by an administrator of the issuer only',
  );
