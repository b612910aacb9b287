import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type TapResult, toldOutcome } from './lane/tap.ts';

const MS_BUCKETS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 350, 500, 750, 1000, 1500, 3000];

/** Everything that a gate counts. Labels are codes of ours: never anything of a card. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #taps = this.#add(
    new Counter({
      name: 'gate_taps_total',
      help: 'Taps by outcome and reason',
      labelNames: ['outcome', 'reason'],
      registers: [],
    }),
  );
  readonly #steps = this.#add(
    new Histogram({
      name: 'gate_tap_step_milliseconds',
      help: 'Milliseconds of each step of a tap',
      labelNames: ['step'],
      buckets: MS_BUCKETS,
      registers: [],
    }),
  );
  readonly #tapMs = this.#add(
    new Histogram({
      name: 'gate_tap_milliseconds',
      help: 'Milliseconds from the first command to the durable decision',
      buckets: MS_BUCKETS,
      registers: [],
    }),
  );
  readonly faults = this.#add(
    new Counter({
      name: 'gate_faults_total',
      help: 'Times that the lane went out of service, by code',
      labelNames: ['code'],
      registers: [],
    }),
  );
  readonly deviceErrors = this.#add(
    new Counter({
      name: 'gate_device_errors_total',
      help: 'Failures of printer, turnstile, lights and sensors',
      labelNames: ['device'],
      registers: [],
    }),
  );
  readonly passages = this.#add(
    new Counter({
      name: 'gate_passages_total',
      help: 'People that the passage sensor saw, or missed, by outcome',
      labelNames: ['outcome', 'direction'],
      registers: [],
    }),
  );
  readonly acts = this.#add(
    new Counter({
      name: 'gate_staff_acts_total',
      help: 'What staff did by hand, by act and role',
      labelNames: ['act', 'role'],
      registers: [],
    }),
  );
  readonly staffRefused = this.#add(
    new Counter({
      name: 'gate_staff_sign_ins_refused_total',
      help: 'Sign-ins of staff with a wrong PIN, or too soon after one',
      registers: [],
    }),
  );
  readonly hsmCalls = this.#add(
    new Counter({
      name: 'gate_hsm_calls_total',
      help: 'Calls of the HSM by operation; refused where more came than a lane needs',
      labelNames: ['operation', 'refused'],
      registers: [],
    }),
  );
  readonly listErrors = this.#add(
    new Counter({
      name: 'gate_list_errors_total',
      help: 'Bundles that were not applied, by code',
      labelNames: ['code'],
      registers: [],
    }),
  );
  readonly listScrubbed = this.#add(
    new Gauge({
      name: 'gate_list_scrubbed_timestamp_seconds',
      help: 'When the list in force was last read whole from its disk and found as it was applied',
      registers: [],
    }),
  );

  /** Which build counts. */
  build(version: string): void {
    const info = new Gauge({
      name: 'gate_build_info',
      help: 'Always 1; the label says which build this is',
      labelNames: ['version'],
      registers: [this.#registry],
    });
    info.set({ version }, 1);
  }

  /** `read` is asked at each scrape. */
  gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect: () => gauge.set(read()),
    });
  }

  tap(result: TapResult): void {
    const { decision, steps, tapMs } = result;
    const reason = decision.admitted ? '' : decision.reason;
    this.#taps.inc({ outcome: toldOutcome(result), reason });
    this.#tapMs.observe(tapMs);
    for (const [step, micros] of Object.entries(steps)) {
      this.#steps.observe({ step }, micros / 1000);
    }
  }

  /** Prometheus text form. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #add<M extends Counter | Histogram>(metric: M): M {
    this.#registry.registerMetric(metric);
    return metric;
  }
}
