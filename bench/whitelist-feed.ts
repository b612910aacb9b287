import { generateKeyPairSync } from 'node:crypto';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { issueCaCertificate, signingKey } from '@pinless-gate/test/sandbox/jlis/certificate';
import type { EventPlan } from '@pinless-gate/whitelist-builder/event-file';
import { type Issuer, readAnchor } from '@pinless-gate/whitelist-builder/validity/issuer';

const DAY_S = 86_400;
const FIRST_SERIAL = 0x700_0000;
/** One row in so many changes from one version of the feed to the next. */
export const CHANGED = 100;

/** The certificate of a CA of its own, DER, with the DN that the sandbox gives. */
export async function makeCa(): Promise<Uint8Array> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = signingKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const [notBefore, notAfter] = [new Date(Date.now() - 1e9), new Date(Date.now() + 1e11)];
  return issueCaCertificate(key, '01', { notBefore, notAfter });
}

export async function makeIssuer(): Promise<Issuer> {
  return issuerOf(await makeCa());
}

export function issuerOf(ca: Uint8Array): Issuer {
  const anchor = readAnchor(ca);
  return { name: 'jpki-auth', nameDer: anchor.certificate.subject.encoded, generations: [anchor] };
}

/** An event in a month, whose keys are labelled `event` and `publisher`. */
export function eventOf(issuer: Issuer): EventPlan {
  const startsAt = Math.floor(Date.now() / 1000) + 30 * DAY_S;
  return {
    eventId: fromHex('2be552203c4c0f4f0703b037dfbd00e5'),
    name: 'bench',
    place: 'bench',
    startsAt,
    admission: { from: startsAt - 3600, until: startsAt + 3600 },
    expiresAt: startsAt + DAY_S,
    policy: { gates: ['A', 'B'], toleranceS: 600, staleAfterS: DAY_S, refuseAfterS: 3 * DAY_S },
    issuers: [issuer],
    keys: { event: 'event', publisher: 'publisher' },
    hsm: { module: '', tokenLabel: '', pinFile: '', environment: {} },
  };
}

/** NDJSON. Each version has changed one row in a hundred of the one before, another one each time. */
export function* rowsOf(rows: number, version: number): Generator<string> {
  for (let number = 1; number <= rows; number++) {
    const passed = (((version - number) % CHANGED) + CHANGED) % CHANGED;
    yield rowOf(number, Math.max(0, version - passed));
  }
}

function rowOf(number: number, changed: number): string {
  const serial = (FIRST_SERIAL + number).toString(16);
  const row = {
    purchaseId: `P-${number}`,
    status: 'paid',
    holder: { serial, issuer: 'jpki-auth' },
    enrolment: { evidenceId: `E-${changed}`, method: 'pin', at: '2026-11-01T09:00:00+09:00' },
    tickets: [
      { ticketNo: `T-${number}-1`, seat: { gate: 'B', block: '112', row: '7', number: '15' } },
    ],
  };
  return `${JSON.stringify(row)}\n`;
}

export function serialOf(number: number): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, FIRST_SERIAL + number);
  return octets;
}
