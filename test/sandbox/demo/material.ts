import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import type { LinkTrust } from '@pinless-gate/protocol/kazashi/link';
import { derOf } from '@pinless-gate/protocol/pem';
import { surfaceCa } from '@pinless-gate/runtime/surface-ca';
import type { CardFile } from '../card/card-file.ts';
import { Jlis } from '../jlis/jlis.ts';
import { type NewCard, newCard } from '../jlis/new-card.ts';
import { linkCardFile, linkedHolder } from '../link.ts';
import { eventKeyCeremony, institutionCeremony, makeOperators } from './ceremony.ts';
import { run } from './program.ts';
import { CARDS, type DemoPurchase } from './scenarios.ts';

export const EVENT_ID = '2be552203c4c0f4f0703b037dfbd00e5';
export const GATE_ID = '76618e77ca140e5e03c02eda4c05a554';
export const KAZASHI_GATE_ID = '9d1f0a53c8f24b7ea06c3b5a7711e2c4';
export const ENTRIES = 1000;
const HOUR_MS = 3_600_000;
/** Serial numbers of people who are on the list and do not tap today. */
const BULK_SERIALS = 0x0600_0000;

/** Where everything of the demo lies. What takes long to make is kept from run to run. */
export interface Material {
  readonly directory: string;
  readonly cards: Readonly<Record<string, CardFile>>;
}

/** HSM token, J-LIS, CV certificates, cards, purchases and configurations. */
export async function makeMaterial(directory: string, ports: Ports): Promise<Material> {
  await rm(join(directory, 'run'), { recursive: true, force: true });
  await mkdir(join(directory, 'run'), { recursive: true });
  const kept = join(directory, 'kept');
  // Named for what is kept: a run of an earlier version is made anew.
  const done = join(kept, 'done-with-tokens');
  if (!existsSync(done)) {
    await rm(kept, { recursive: true, force: true });
    await mkdir(kept, { recursive: true });
    await makeKept(kept);
    await writeFile(done, '');
  }
  const cards: Record<string, KeptCard> = JSON.parse(
    await readFile(join(kept, 'cards.json'), 'utf8'),
  );
  const today = join(directory, 'run');
  await writeFile(join(today, 'purchases.ndjson'), purchases(cards, Date.now()));
  await writeFile(join(today, 'event.toml'), eventToml(Date.now()));
  await writeFile(join(today, 'gate.toml'), gateToml(ports));
  await writeFile(join(today, 'gate-kazashi.toml'), kazashiGateToml(ports));
  await writeFile(join(today, 'issuer-console.toml'), consoleToml(ports));
  const files = Object.entries(cards).map(([name, { file }]) => [name, file] as const);
  return { directory: today, cards: Object.fromEntries(files) };
}

/** A card, and what linking it gave. */
interface KeptCard extends NewCard {
  readonly holder?: object;
}

export interface Ports {
  readonly printer: number;
  readonly turnstile: string;
  readonly console: number;
  readonly display: number;
  readonly kazashiDisplay: number;
}

async function makeKept(kept: string): Promise<void> {
  const [jlis] = await Promise.all([
    Jlis.create(join(kept, 'jlis')),
    makeTokens(kept),
    makeOperators(kept),
  ]);
  await institutionCeremony(kept, jlis);
  await eventKeyCeremony(kept, EVENT_ID, [
    { id: GATE_ID, token: 'token' },
    { id: KAZASHI_GATE_ID, token: 'token-kazashi' },
  ]);

  const trust = await linkTrust(jlis);
  const cards: Record<string, KeptCard> = {};
  for (const [name, { options, victim, purchase }] of Object.entries(CARDS)) {
    const copied = victim === undefined ? {} : { victim: cards[victim]!.file };
    const card = await newCard(jlis, { ...options, ...copied });
    const link = purchase?.linked && (await linkCardFile(card.file, trust));
    cards[name] = link ? { ...card, holder: linkedHolder(link) } : card;
  }
  await writeFile(join(kept, 'cards.json'), JSON.stringify(cards));
}

/** By whom cards are linked: as an issuer, who pins both CAs. */
async function linkTrust({ files }: Jlis): Promise<LinkTrust> {
  return {
    anchors: trustAnchors([derOf(await files.octets('ca.pem'), 'CERTIFICATE')]),
    ca: surfaceCa(await files.octets('surface-ca.json'), 'surface-ca.json'),
    at: Date.now(),
  };
}

/** One token for the issuer, and one for each gate. */
async function makeTokens(kept: string): Promise<void> {
  const hsm = (token: string, ...argv: readonly string[]) =>
    run('hsm', [...argv, '--config', `${token}/hsm.toml`], kept);
  const init = (token: string) => run('hsm', ['init', '--softhsm', token], kept);
  await Promise.all([init('issuer'), init('token'), init('token-kazashi')]);
  await hsm('issuer', 'event-key', 'new', '--event', EVENT_ID, '--transportable');
  await hsm('issuer', 'publisher', 'new');
  await hsm('issuer', 'public-key', 'publisher', '--out', 'publisher.pem');
  await hsm('token', 'institution', 'new');
  await hsm('token', 'public-key', 'institution', '--out', 'institution.pem');
  await hsm('token', 'device', 'new');
  await hsm('token', 'public-key', 'device', '--out', 'device.pem');
  await hsm('token-kazashi', 'device', 'new');
  await hsm('token-kazashi', 'public-key', 'device', '--out', 'device-kazashi.pem');
}

function purchases(cards: Readonly<Record<string, KeptCard>>, now: number): string {
  const lines: object[] = [];
  for (const [name, { purchase }] of Object.entries(CARDS)) {
    if (purchase) lines.push(purchaseLine(name, purchase, cards, now));
  }
  // A revoked holder is left out, a companion has an entry of their own.
  const companions = Object.values(CARDS).filter(({ purchase }) => purchase?.companion).length;
  const revoked = Object.values(CARDS).filter(
    ({ options }) => options.scenario === 'revoked',
  ).length;
  const listed = lines.length + companions - revoked;
  for (let i = listed; i < ENTRIES; i++) {
    const serial = (BULK_SERIALS + i).toString(16).padStart(8, '0');
    lines.push({
      purchaseId: `P-${i}`,
      status: 'paid',
      holder: { serial, issuer: 'jpki-auth' },
      enrolment: enrolment(`E-${i}`),
      language: 'ja',
      tickets: [ticket(`T-${i}`, { gate: i % 2 ? 'A' : 'B', row: `${i % 40}`, number: `${i}` })],
    });
  }
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function purchaseLine(
  name: string,
  purchase: DemoPurchase,
  cards: Readonly<Record<string, KeptCard>>,
  now: number,
): object {
  const { language = 'ja', gate = 'B', categories = ['adult'], companion, opensInHours } = purchase;
  const admission =
    opensInHours === undefined
      ? {}
      : { admission: { from: iso(now + opensInHours * HOUR_MS), until: iso(now + 12 * HOUR_MS) } };
  const tickets = categories.map((category, i) => ({
    ...ticket(`T-${name}-${i + 1}`, { gate, row: '7', number: `${15 + i}` }),
    category,
    ...admission,
    ...(i > 0 && { with: `T-${name}-1` }),
  }));
  return {
    purchaseId: `P-${name}`,
    status: 'paid',
    holder: linkedOr(holder(cards[name]!, purchase.holder), cards[name]!, purchase.linked),
    enrolment: enrolment(`E-${name}`),
    language,
    tickets,
    ...(companion !== undefined && {
      companions: [
        { ticketNo: tickets.at(-1)!.ticketNo, holder: holder(cards[companion]!, 'certificate') },
      ],
    }),
  };
}

function holder({ file, serial }: NewCard, by: 'certificate' | 'serial'): object {
  if (by === 'serial') return { serial, issuer: 'jpki-auth' };
  const pem = file.certificatePem!;
  return {
    certificate: pem
      .split('\n')
      .filter((line) => !line.startsWith('---'))
      .join(''),
  };
}

function linkedOr(other: object, { holder: linked }: KeptCard, how: DemoPurchase['linked']) {
  if (!linked) return other;
  if (how === 'linked') return linked;
  const { kazashi, ...rest } = linked as { kazashi: object };
  return { ...rest, kazashi: { ...kazashi, reference: '000000' } };
}

function ticket(ticketNo: string, seat: { gate: string; row: string; number: string }) {
  return { ticketNo, seat: { ...seat, block: '112' }, category: 'adult' };
}

const enrolment = (evidenceId: string) => ({
  evidenceId,
  method: 'pin',
  at: '2026-11-01T09:00:00+09:00',
});

const iso = (ms: number) => new Date(ms).toISOString();

const hsmTable = (token: string) => `[hsm]
module = "/usr/lib/softhsm/libsofthsm2.so"
token_label = "pinless-gate"
pin_file = "../kept/${token}/pin"
[hsm.environment]
SOFTHSM2_CONF = "./../kept/${token}/softhsm2.conf"
`;

/** A gate's own token, and beside it the envelopes of the keys that came. */
const gateHsm = (token: string) => `${hsmTable(token)}
[keys]
directory = "../kept/${token}/keys"
`;

const eventToml = (now: number) => `id = "${EVENT_ID}"
name = "冬の音楽祭 2026"
place = "横浜アリーナ"
starts_at = ${iso(now + 2 * HOUR_MS)}

[admission]
from = ${iso(now - HOUR_MS)}
until = ${iso(now + 6 * HOUR_MS)}

[policy]
gates = ["A", "B"]
tolerance_minutes = 10
stale_after_hours = 24
refuse_after_hours = 72

[[issuers]]
name = "jpki-auth"
certificate = "../kept/jlis/ca.pem"

${hsmTable('issuer')}`;

/** Where the ceremony stored what J-LIS certified. */
const CVC = '../kept/token/cvc';

const gateToml = ({ printer, turnstile, console, display }: Ports) => `[gate]
id = "${GATE_ID}"
name = "レーン 1"
serves = ["B"]

[event]
id = "${EVENT_ID}"

${gateHsm('token')}
[reader]
name = "Virtual PCD 00 00"
socket = "reader/pcscd.comm"
debounce_ms = 0  # virtual cards come faster than people

[card]
anchors = ["../kept/jlis/ca.pem"]
jpki = { certificates = ["${CVC}/jpki/intermediate.cvc", "${CVC}/jpki/institution.cvc"] }
iso = { certificates = ["${CVC}/tr03110/dv.cvcert", "${CVC}/tr03110/terminal.cvcert"] }

[whitelist]
directory = "gate/whitelist"
url = "http://127.0.0.1:${console}/bundle/"
poll_seconds = 2
publishers = ["../kept/publisher.pem"]

[journal]
directory = "gate/journal"

[printer]
driver = "tcp"
host = "127.0.0.1"
port = ${printer}

[receipts]
directory = "receipts"

[turnstile]
driver = "http"
url = "${turnstile}"

[http]
port = ${display}

[console]
url = "http://127.0.0.1:${console}/"
`;

const kazashiGateToml = ({ turnstile, console, kazashiDisplay }: Ports) => `[gate]
id = "${KAZASHI_GATE_ID}"
name = "レーン 2"
serves = ["B"]

[event]
id = "${EVENT_ID}"

${gateHsm('token-kazashi')}
[reader]
name = "Virtual PCD 00 01"
socket = "reader/pcscd.comm"
debounce_ms = 0  # virtual cards come faster than people

[card]
anchors = ["../kept/jlis/ca.pem"]
kazashi = { ca = "../kept/jlis/surface-ca.json" }

[whitelist]
directory = "gate-kazashi/whitelist"
url = "http://127.0.0.1:${console}/bundle/"
poll_seconds = 2
publishers = ["../kept/publisher.pem"]

[journal]
directory = "gate-kazashi/journal"

[turnstile]
driver = "http"
url = "${turnstile}"

[http]
port = ${kazashiDisplay}

[console]
url = "http://127.0.0.1:${console}/"
`;

const consoleToml = ({ console }: Ports) => `[listen]
port = ${console}

[store]
directory = "console/store"

[bundle]
directory = "bundle"

[accounts]
second_factor = "offered"

[[gates]]
id = "${GATE_ID}"
name = "レーン 1"
device_key = "../kept/device.pem"

[[gates]]
id = "${KAZASHI_GATE_ID}"
name = "レーン 2"
device_key = "../kept/device-kazashi.pem"
`;
