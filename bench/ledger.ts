/**
 * What keeping the books costs: a request's two calls to its account, `reserve` and `settle`, in workerd with the
 * storage of `npm start`. The baseline of the added latency is the same HTTP request without the two calls; that of
 * growth is the same account with a short past.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { bundle } from "../start/bundle.ts";
import { migrate } from "../start/migrate.ts";
import type { Outcome } from "./benchmark.ts";
import type { Order, Seat } from "./ledger/order.ts";
import { percentile, round, summary } from "./statistics.ts";

const SHORT = 10_000;
const LONG = 1_000_000;
const ROUNDS = 8;
/** Pairs of one round, and requests that are in flight at once. */
const PAIRS = 320;
const LANES = 16;

export async function run(report: (line: string) => void): Promise<Outcome> {
  const storage = mkdtempSync(join(tmpdir(), "tessera-bench-"));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      resourcePersistencePath: storage,
      cf: false,
      telemetry: { enabled: false },
      workers: [
        {
          name: "ledger",
          modules: await bundle(join(import.meta.dirname, "ledger/worker.ts"), []),
          compatibilityDate: "2026-10-01",
          durableObjects: { ACCOUNT: { className: "BenchAccount", useSQLite: true } },
          d1Databases: { DB: "ledger" },
          bindings: { KEY_SECRET: "the benchmark's key secret" },
        },
      ],
    }),
  );
  try {
    await miniflare.ready;
    await migrate(await miniflare.getD1Database("DB"), join(import.meta.dirname, "../migrations"));
    return await measure(miniflare, report);
  } finally {
    await miniflare.dispose();
    rmSync(storage, { recursive: true, force: true });
  }
}

async function measure(miniflare: Miniflare, report: (line: string) => void): Promise<Outcome> {
  const send = async (order: Order) => {
    const response = await miniflare.dispatchFetch("http://ledger/", {
      method: "POST",
      body: JSON.stringify(order),
    });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return response;
  };
  const open = async (past: number) => (await (await send({ kind: "open", past })).json()) as Seat;
  /** Pairs a second. */
  const rate = async (seats: readonly Seat[]) => {
    const begun = performance.now();
    const count = PAIRS / LANES;
    await Promise.all(
      Array.from({ length: LANES }, (_, lane) => {
        const own = seats.filter((_, index) => index % LANES === lane);
        return send({ kind: "pairs", seats: own.length > 0 ? own : seats, count });
      }),
    );
    return PAIRS / ((performance.now() - begun) / 1000);
  };
  const latency = async (order: Order) => {
    const begun = performance.now();
    await (await send(order)).arrayBuffer();
    return performance.now() - begun;
  };

  report(`opening 102 accounts, one with ${LONG} entries`);
  const short = await open(SHORT);
  const long = await open(LONG);
  const hundred: Seat[] = [];
  for (let count = 0; count < 100; count++) hundred.push(await open(0));
  for (const seats of [[short], [long], hundred]) await rate(seats);

  report(`${ROUNDS} rounds of ${PAIRS} pairs on each`);
  const rates = { short: [] as number[], long: [] as number[], hundred: [] as number[] };
  const alone = { short: [] as number[], long: [] as number[], nothing: [] as number[] };
  for (let turn = 0; turn < ROUNDS; turn++) {
    rates.short.push(await rate([short]));
    rates.long.push(await rate([long]));
    rates.hundred.push(await rate(hundred));
    for (let request = 0; request < PAIRS / 10; request++) {
      alone.nothing.push(await latency({ kind: "nothing" }));
      alone.short.push(await latency({ kind: "pairs", seats: [short], count: 1 }));
      alone.long.push(await latency({ kind: "pairs", seats: [long], count: 1 }));
    }
  }
  const median = (samples: readonly number[]) => percentile(samples, 0.5);
  const [without, with_] = [summary(alone.nothing), summary(alone.short)];
  return {
    figures: {
      pairs_per_s: round(median(rates.short)),
      pairs_per_s_100_accounts: round(median(rates.hundred)),
      pairs_per_s_1e6_entries: round(median(rates.long)),
      added_ms_p50: round(with_.p50 - without.p50),
      added_ms_p99: round(with_.p99 - without.p99),
      added_ms_p50_1e6_entries: round(summary(alone.long).p50 - without.p50),
      baseline: "the same request without the two calls; for growth, an account with 10,000 entries",
    },
    ratios: {
      // Cost per pair at the larger size ÷ at the smaller, medians of interleaved rounds.
      growth_1e6_vs_1e4: round(median(rates.short) / median(rates.long)),
    },
  };
}
