import type { StaffText } from './staff-text.ts';

/** What staff read of a refusal, in English. */
export const STAFF_TEXT_EN = {
  'not-listed': {
    what: 'Card is not on the list',
    next: 'Ask whether it is the card used to buy, or a renewed one',
  },
  'already-admitted': {
    what: 'Ticket has already entered',
    next: 'Look up when it entered; decide on re-entry',
  },
  'wrong-gate': {
    what: 'Ticket is for another gate',
    next: 'Point the way to the gate on the ticket',
  },
  'too-early': { what: 'Admission has not begun for this ticket', next: 'Say when it begins' },
  'too-late': {
    what: 'Admission time of this ticket has passed',
    next: 'Ask the person in charge',
  },
  'certificate-expired': {
    what: 'Certificate on the card has expired',
    next: 'Check identity at the help desk',
  },
  'certificate-not-yet-valid': {
    what: 'Certificate on the card is not valid yet',
    next: "Check the gate's clock, then the help desk",
  },
  'certificate-not-trusted': {
    what: 'Certificate was not issued by a trusted CA',
    next: 'Possible forgery: hand the card back, call the lead',
  },
  'card-not-authentic': {
    what: 'Card could not prove its key',
    next: 'Possible copy: hand the card back, call the lead',
  },
  'surface-mismatch': {
    what: 'Certificate and chip are not the card that was linked',
    next: 'Possible copy: hand the card back, call the lead',
  },
  'card-not-linked': {
    what: 'Card was not linked for tapping without PIN',
    next: 'Check identity at the help desk',
  },
  'birth-date-refused': {
    what: 'Card did not accept the birth date',
    next: 'Do not retry this card; check identity at the help desk',
  },
  'birth-date-few-tries': {
    what: 'Few tries are left for the birth date, none was used',
    next: 'Do not retry this card; check identity at the help desk',
  },
  'card-blocked': {
    what: 'Birth date check of this card is blocked',
    next: 'Check identity at the help desk; the municipality can unblock it',
  },
  'terminal-refused': {
    what: 'Card does not accept this terminal',
    next: 'Do not retry this card; use the help desk',
  },
  phone: { what: 'A phone was held up', next: 'Ask for the card itself' },
  'old-card': {
    what: 'An old residents’ card was held up',
    next: 'Ask for the My Number Card, which replaced it',
  },
  'test-card': {
    what: 'Card of the test hierarchy (JPKI-TEST)',
    next: 'Ask for a real card; tell the lead where it came from',
  },
  'no-certificate': {
    what: 'Card holds no authentication certificate',
    next: 'Check identity at the help desk',
  },
  'unknown-card': { what: 'Not a card this gate knows', next: 'Ask for the My Number Card' },
  'card-removed': { what: 'Card was taken away too early', next: 'Ask to hold it once more' },
  'card-fault': { what: 'Card answered wrongly', next: 'Try once more, then the help desk' },
  'card-too-slow': { what: 'Card took too long', next: 'Take it out of its case and try again' },
  'record-unreadable': {
    what: 'Entry of the list cannot be opened',
    next: 'Help desk; tell the lead',
  },
  'list-missing': { what: 'Gate has no list yet', next: 'Check that the list was published' },
  'list-expired': { what: 'List has expired', next: 'Publish a new list' },
  'revocation-too-old': {
    what: 'Certificates were last checked too long ago',
    next: 'Check their validity again and publish a new list',
  },
  'ticket-blocked': {
    what: 'Ticket was blocked by staff',
    next: 'Look up why it was blocked; ask the lead',
  },
  'wrong-zone': {
    what: 'Ticket is for another zone',
    next: 'Point the way to an entrance of that zone',
  },
  'gate-limit': {
    what: 'Ticket has entered here as often as it may',
    next: 'Point the way to another gate',
  },
  'daily-limit': {
    what: 'Ticket has entered as often as it may today',
    next: 'Look up today’s entries; ask the person in charge',
  },
  'not-yet-minimum-time': {
    what: 'Too soon after the last entry',
    next: 'Look up when it entered; say how long to wait',
  },
  'still-inside': {
    what: 'Ticket is inside, no exit was recorded',
    next: 'Check who holds the card; if it is the holder, record the exit',
  },
  'no-reentry': {
    what: 'Ticket may not come back',
    next: 'Explain the rule on re-entry; exceptions are for the lead',
  },
  'companion-first': {
    what: 'Ticket enters together with its companion',
    next: 'Ask for the companion’s card first',
  },
  'event-paused': {
    what: 'Entry is paused',
    next: 'Say when it is likely to go on; hold the queue',
  },
  'lane-closed': { what: 'Lane is closed', next: 'Point the way to an open lane' },
  'lane-exit-only': {
    what: 'Lane is for leaving only',
    next: 'Point the way to a lane for entering',
  },
  'lane-entry-only': {
    what: 'Lane is for entering only',
    next: 'Point the way to a lane for leaving',
  },
  evacuation: { what: 'Venue is being cleared', next: 'Let nobody in; lead people to the exits' },
  'not-inside': {
    what: 'Leaves, and no entry is known',
    next: 'Let the person out; note how they came in',
  },
  'already-open': {
    what: 'Lane is open for this card, nobody has passed yet',
    next: 'Ask the person to go through',
  },
  'staff-declined': { what: 'Staff did not let the person in', next: 'Continue at the help desk' },
  'clock-fault': {
    what: 'The gate’s clock is wrong',
    next: 'Send people to another lane; set the clock',
  },
  'gate-fault': {
    what: 'Gate has a fault',
    next: 'Send people to another lane; report the code shown',
  },
} as const satisfies Record<string, StaffText>;
