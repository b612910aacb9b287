import { purchase } from '../whitelist-builder/fixture.ts';

const ticketNo = 'T-1-1';
const RULES = { companions: true, transfer: false, feeYen: 0 };

/** What a route by which tickets change hands is sent: of the right form, whatever comes of it. */
export function handoverBody(path: string): object | undefined {
  if (path.endsWith('/invitations')) return { ticketNo, kind: 'companion' };
  if (/\/(?:resales|unlinked)$/.test(path)) return { ticketNo };
  if (path.endsWith('/party-code')) return {};
  return path.endsWith('/handover-rules') ? RULES : undefined;
}

/** A purchase with a companion whose card is known. */
export const LINKED = purchase(3, {
  tickets: [1, 2].map((n) => ({ ticketNo: `T-3-${n}`, seat: { gate: 'A' } })),
  companions: [{ ticketNo: 'T-3-2', holder: { serial: '91', issuer: 'jpki-auth' } }],
});

/** Every change of this kind, on an event with the purchases 1, 2 and `LINKED`, and what it is noted as. */
export function handoverActs(
  eventId: string,
  newest: string,
): [method: string, path: string, body: object, action: string][] {
  const at = `/api/v1/events/${eventId}`;
  const made = `/api/v1/handovers/${newest}`;
  const invitation = { ticketNo, kind: 'companion' };
  return [
    ['POST', `${at}/purchases/P-1/party-code`, {}, 'party.code'],
    ['POST', `${at}/purchases/P-1/invitations`, invitation, 'companion.invited'],
    ['POST', `${made}/code`, {}, 'handover.code'],
    ['POST', `${made}/withdraw`, {}, 'handover.withdrawn'],
    ['POST', `${at}/purchases/P-1/resales`, { ticketNo }, 'ticket.released'],
    ['POST', `${made}/buyer`, { to: { purchaseId: 'P-2' } }, 'ticket.resold'],
    ['POST', `${at}/purchases/P-3/unlinked`, { ticketNo: 'T-3-2' }, 'companion.unlinked'],
    ['PUT', `${at}/handover-rules`, RULES, 'handover.rules'],
  ];
}
