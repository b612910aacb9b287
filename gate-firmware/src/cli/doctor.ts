import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { expiryOf, WARN_DAYS } from '@pinless-gate/hsm/ceremony/institution-status';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { formatFingerprint } from '@pinless-gate/protocol/bundle';
import { decodeCvCertificate } from '@pinless-gate/protocol/cvc/tr03110';
import { GateError } from '@pinless-gate/protocol/errors';
import { decodeJournalEntry, UNEXPLAINED_CALLS } from '@pinless-gate/protocol/journal';
import { type Command, EXIT_OK, EXIT_REFUSED } from '@pinless-gate/runtime/program';
import { listRefusal, listWarning } from '../admission/decide.ts';
import { type GateConfig, readGateConfig } from '../config.ts';
import { requireOwnDeviceKey } from '../enrolment-file.ts';
import { Journal } from '../journal/journal.ts';
import { openEventKeys } from '../keys.ts';
import { systemClock } from '../lane/clock.ts';
import { ClockWatch, type ListTimes } from '../lane/clock-watch.ts';
import { openTerminals } from '../terminals.ts';
import { openPresent } from '../whitelist/present.ts';
import { disk, printer, reader } from './doctor-devices.ts';
import { examineStaff } from './doctor-staff.ts';
import { attempt, type Finding } from './finding.ts';
import { configFile } from './options.ts';

const DAY_MS = 86_400_000;
const SAFE_SINCE = Date.UTC(2026, 0, 1);

/** `gate doctor`: looks at everything that a tap needs, and says what to do where something is missing. */
export const doctorCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: { config: { type: 'string' }, json: { type: 'boolean' } },
  });
  const config = await readGateConfig(configFile(values.config));
  const findings = await examine(config);
  const healthy = findings.every(({ outcome }) => outcome !== 'failed');
  if (values.json) io.out(JSON.stringify({ healthy, findings }));
  else for (const finding of findings) for (const line of lines(finding)) io.out(line);
  return healthy ? EXIT_OK : EXIT_REFUSED;
};

function lines({ check, outcome, what, code, action }: Finding): string[] {
  const sign = { ok: 'ok      ', failed: 'FAILED  ', unknown: 'unknown ' }[outcome];
  const head = `${sign}${check.padEnd(17)}${what}${code === undefined ? '' : ` [${code}]`}`;
  return action === undefined ? [head] : [head, `        -> ${action}`];
}

async function examine(config: GateConfig): Promise<Finding[]> {
  const store = await attempt('hsm', 'check [hsm] and run: hsm status', async () => {
    const opened = await openKeyStore(config.hsm);
    return [`token "${config.hsm.tokenLabel}" opened`, opened] as const;
  });
  const findings = [store.finding];
  if (store.value) {
    findings.push(...(await examineKeys(config, store.value)));
    findings.push((await clock(config)).finding, await list(config, store.value));
    findings.push(await conversionCalls(config));
    await store.value.close();
  } else {
    findings.push((await clock(config)).finding);
  }
  findings.push(anchors(config), ...(await reader(config)), await printer(config));
  findings.push(await disk(config), ...(await examineStaff(config)));
  return findings;
}

async function examineKeys(config: GateConfig, store: KeyStore): Promise<Finding[]> {
  const { labels } = config;
  const own = { device: 'device' } as const;
  const needsInstitution = config.terminals.size > 0;
  const kinds = needsInstitution ? { institution: 'institution' as const, ...own } : own;
  const action = 'hsm status --config gate.toml tells which keys there are';
  const keys = Object.entries(kinds).map(([name, kind]) =>
    attempt(`${name} key`, action, async () => {
      const label = labels[name as keyof typeof labels];
      await store.require({ [label]: kind });
      return [`"${label}" is there, sensitive, not extractable`, undefined] as const;
    }),
  );
  const eventKey = attempt('event key', action, async () => {
    const { newest } = await openEventKeys(store, config, systemClock.now() / 1000);
    const until = newest.window && new Date(1000 * newest.window.validUntil).toISOString();
    const when = until === undefined ? '' : `, valid until ${until}`;
    return [`"${newest.label}" is there, sensitive, not extractable${when}`, undefined] as const;
  });
  const selftest = attempt('self-test', 'hsm selftest --config gate.toml tells more', async () => {
    const { passed, checks } = await store.selftest();
    const bad = checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
    if (!passed)
      throw new GateError('ERR_HSM_SELFTEST', `failed: ${bad.join(', ') || 'nothing ran'}`);
    return [`${checks.length} checks`, undefined] as const;
  });
  const identity = () =>
    attempt('enrolment', 'have this gate revoked, and enrol it anew', async () => {
      const { enrolment } = config;
      if (!enrolment) return ['an operator made this gate known', undefined] as const;
      await requireOwnDeviceKey(store, labels.device, enrolment);
      return [`"${enrolment.gateName}" at ${enrolment.console.url.host}`, undefined] as const;
    });
  const chain = () =>
    attempt('cv certificates', 'request CV certificates for this key', async () => {
      const { institution } = labels;
      const now = systemClock.now();
      const terminals = await openTerminals(store, institution, config.terminals, now);
      const names = terminals.map(({ profile }) => profile.name).join(', ');
      const dates = datesOf(config, now);
      return [`fit the institution key, for ${names}${dates}`, undefined] as const;
    });
  const results = [];
  const always = [...keys, eventKey, selftest, identity()];
  const needed = needsInstitution ? [...always, chain()] : always;
  for (const one of needed) results.push((await one).finding);
  return results;
}

/** Of the layout that has dates; the other is good until J-LIS says otherwise. */
function datesOf({ terminals }: GateConfig, at: number): string {
  const chain = terminals.get('iso');
  if (!chain) return '; no dates in that layout';
  const { expiry, daysLeft } = expiryOf(chain.map(decodeCvCertificate), at);
  const soon = daysLeft > WARN_DAYS ? '' : ': request the next ones now';
  return `; iso until ${expiry}, ${daysLeft} days left${soon}`;
}

function anchors({ anchors: pinned }: GateConfig): Finding {
  const now = systemClock.now() / 1000;
  const bad = pinned.filter(({ fault }) => fault !== undefined);
  const expired = pinned.filter(({ certificate }) => certificate.notAfter < now);
  const check = 'trust anchors';
  if (bad.length > 0) {
    const [first] = bad;
    return {
      check,
      outcome: 'failed',
      what: `${first!.fingerprint.slice(0, 16)}… is no CA that may sign: ${first!.fault}`,
      action: 'take it out of [card] anchors',
    };
  }
  if (expired.length === pinned.length) {
    return {
      check,
      outcome: 'failed',
      what: `all ${pinned.length} have expired`,
      action: "add the CA's newer generation to [card] anchors, or set the clock",
    };
  }
  return {
    check,
    outcome: 'ok',
    what: `${pinned.length} pinned, ${expired.length} of them expired`,
  };
}

async function list(config: GateConfig, store: KeyStore): Promise<Finding> {
  const result = await attempt('list', 'gate list apply BUNDLE, or check [whitelist]', async () => {
    const current = await openPresent(config);
    if (!current) throw new GateError('ERR_LIST_MISSING', 'no list on this gate yet');
    const { manifest, passport } = current;
    await current.close();
    const now = systemClock.now();
    (await openEventKeys(store, config, now / 1000)).forList(manifest.eventKeyId, now / 1000);
    const refusal = listRefusal(manifest, now);
    if (refusal === 'list-expired') {
      throw new GateError('ERR_LIST_EXPIRED', 'the list is too old, too new or expired');
    }
    if (refusal) {
      throw new GateError('ERR_LIST_REVOCATION', 'certificates were last checked too long ago');
    }
    const { version, entries, fingerprint } = passport;
    const amber = listWarning(manifest, now);
    const what = `v${version}, ${entries} entries, ${formatFingerprint(fingerprint)}`;
    return [amber ? `${what}, amber: ${amber}` : what, undefined] as const;
  });
  return result.finding;
}

/** As the gate will judge it: against its journal and its list. */
function clock(config: GateConfig) {
  const { journalDirectory, gateId } = config;
  return attempt('clock', 'set the clock, or wait for time synchronisation', async () => {
    const now = systemClock.now();
    if (now < SAFE_SINCE) throw new GateError('ERR_CLOCK', 'before this program was written');
    await mkdir(journalDirectory, { recursive: true });
    const journal = Journal.open(journalDirectory, gateId);
    const floor = journal.newestTime();
    await journal.close();
    const list = await listTimes(config);
    const { now: wall, monotonic } = systemClock;
    const times = () => list;
    const { fault } = new ClockWatch({
      wall,
      monotonic,
      floor,
      list: times,
      onStep: () => undefined,
    });
    if (fault) throw fault;
    return [new Date(now).toISOString(), undefined] as const;
  });
}

/** What is wrong with the list, its own check says. */
async function listTimes(config: GateConfig): Promise<ListTimes | undefined> {
  try {
    const list = await openPresent(config);
    await list?.close();
    return list?.manifest;
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    return undefined;
  }
}

/** What the journal tells of the last day. */
async function conversionCalls({ journalDirectory, gateId }: GateConfig): Promise<Finding> {
  const action = 'keep this gate as it is and tell the person in charge';
  const result = await attempt('conversion calls', action, async () => {
    const journal = Journal.open(journalDirectory, gateId);
    try {
      const since = systemClock.now() - DAY_MS;
      for (const encoded of journal.backwards()) {
        const { entry } = decodeJournalEntry(encoded);
        if (entry.at < since) break;
        if (entry.kind !== 'fault' || entry.detail !== UNEXPLAINED_CALLS) continue;
        const at = new Date(entry.at).toISOString();
        throw new GateError(UNEXPLAINED_CALLS, `more than taps explain, noted at ${at}`);
      }
    } finally {
      await journal.close();
    }
    return ['none in a day that no tap explains', undefined] as const;
  });
  return result.finding;
}
