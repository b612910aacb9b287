import { localTime } from './local-time.ts';
import type { Policy } from './policy.ts';
import type { Attention, Pause, Rule, Window, Zone } from './policy-rules.ts';
import { EN, JA, type Words } from './rule-words.ts';

export type SentenceLanguage = 'ja' | 'en';

/** What a policy says, in sentences: for the console, for `whitelist inspect`, for whoever checks a list by eye. */
export function ruleSentences(policy: Policy, language: SentenceLanguage): string[] {
  const words = language === 'ja' ? JA : EN;
  const { timeZone = 'UTC', zones = [], rules = [], attention = [], paused = [] } = policy;
  const moment = (seconds: number) => {
    const { date, time } = localTime(1000 * seconds, timeZone);
    return `${date} ${time}`;
  };
  return [
    words.gates(words.list(policy.gates)),
    ...(policy.toleranceS > 0 ? [words.tolerance(words.duration(policy.toleranceS))] : []),
    ...zones.map(({ name, gates }: Zone) => words.zone(name, words.list(gates))),
    ...rules.flatMap((rule) => ruleLines(rule, words, moment)),
    ...attention.map(({ flag, lane }: Attention) => words.attention[lane](words.flag(flag))),
    ...paused.map((pause) => pauseLine(pause, words, moment)),
    ...(policy.arrival ? [words.parts] : [words.together]),
    ...(policy.faceCheck ? [words.faceCheck] : []),
    ...(policy.passage ? [words.annul(words.duration(policy.passage.annulAfterS))] : []),
    words.listAge(words.duration(policy.staleAfterS), words.duration(policy.refuseAfterS)),
    ...revocationLines(policy, words),
    ...(timeZone === 'UTC' ? [] : [words.timeZone(timeZone)]),
  ];
}

type Moment = (unixSeconds: number) => string;

/** One sentence for each thing that a rule says, with whom it is for. */
function ruleLines(rule: Rule, words: Words, moment: Moment): string[] {
  const who = rule.categories ? words.category(words.list(rule.categories)) : words.everybody;
  const span = ({ from, until }: Window) => words.span(moment(from), moment(until));
  const said = [
    rule.entries !== undefined && words.entries(rule.entries),
    rule.entriesPerDay !== undefined && words.entriesPerDay(rule.entriesPerDay),
    rule.entriesPerGate !== undefined && words.entriesPerGate(rule.entriesPerGate),
    rule.reentry !== undefined && words.reentry[rule.reentry],
    rule.checkOutMinute !== undefined && words.checkOut(clock(rule.checkOutMinute)),
    rule.minimumS !== undefined && words.minimum(words.duration(rule.minimumS)),
    rule.windows !== undefined && words.windows(words.list(rule.windows.map(span))),
    rule.companion !== undefined && words.companion,
  ];
  return said.flatMap((one) => (one === false ? [] : [words.rule(who, one)]));
}

function pauseLine({ gates, from, until }: Pause, words: Words, moment: Moment): string {
  return words.paused(
    gates && words.list(gates),
    from === undefined ? undefined : moment(from),
    until === undefined ? undefined : moment(until),
  );
}

function revocationLines(policy: Policy, { revocation, duration }: Words): string[] {
  const { revocationStaleAfterS: stale, revocationRefuseAfterS: refuse } = policy;
  return [
    ...(stale === undefined ? [] : [revocation.stale(duration(stale))]),
    ...(refuse === undefined ? [] : [revocation.refuse(duration(refuse))]),
  ];
}

/** `04:00` */
export function clock(minuteOfDay: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minuteOfDay / 60))}:${two(minuteOfDay % 60)}`;
}
