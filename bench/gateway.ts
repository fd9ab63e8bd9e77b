/**
 * Gateways side by side in one run: Tessera (keys, ledger, validation, exact counts and tiles, receipts), LiteLLM's
 * proxy (one master key) and Portkey's gateway (neither keys nor metering), each in front of an upstream that answers
 * at once. Rounds are interleaved and figures are medians over them. Added latency is what one connection waits longer
 * than at the OpenAI-compatible upstream itself: for Tessera that includes its image pipeline and its GPU worker's
 * checks, and twice what the disk takes to keep a commit, which stands beside the figures: accounts are kept, peers
 * keep nothing.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figures, Outcome } from "./benchmark.ts";
import { bodiesOf, CASES, type Case } from "./gateway/bodies.ts";
import { type Gateway, startLiteLlm, startPortkey, startTessera, startUpstream } from "./gateway/gateways.ts";
import { load } from "./gateway/load.ts";
import { LITELLM, PORTKEY } from "./gateway/tools.ts";
import { percentile, round } from "./statistics.ts";

const ROUNDS = 3;
const CONNECTIONS = 16;
const WARM_MS = 500;
const MANY_MS = 3_000;
const ONE_MS = 1_500;
interface Round {
  readonly requestsPerSecond: number;
  readonly cpuMs: number;
  readonly upstreamCpuMs: number;
  /** One connection's, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

export async function run(report: (line: string) => void): Promise<Outcome> {
  const home = mkdtempSync(join(tmpdir(), "tessera-bench-"));
  const gateways: Gateway[] = [];
  try {
    const upstream = await startUpstream();
    gateways.push(upstream);
    report("starting the product and the peers");
    gateways.push(await startTessera(join(home, "tessera"), CONNECTIONS));
    const peers = await Promise.all([
      startLiteLlm(home, upstream.target.url, report),
      startPortkey(upstream.target.url, report),
    ]);
    gateways.push(...peers.filter((peer) => peer !== undefined));
    const { figures, ratios } = outcome(gateways, await measure(gateways, report));
    return { figures: { ...figures, commit_ms_p50: round(commitMs(home)) }, ratios };
  } finally {
    for (const gateway of gateways.reverse()) await gateway.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What the disk under the products' state takes to keep a page: the median, in milliseconds. */
function commitMs(folder: string): number {
  const file = openSync(join(folder, "commit"), "w");
  const samples = Array.from({ length: 50 }, () => {
    writeSync(file, Buffer.alloc(4096));
    const begun = performance.now();
    fsyncSync(file);
    return performance.now() - begun;
  });
  closeSync(file);
  return percentile(samples, 0.5);
}

type Results = ReadonlyMap<string, readonly Round[]>;

async function measure(gateways: readonly Gateway[], report: (line: string) => void): Promise<Results> {
  const results = new Map<string, Round[]>();
  for (let index = 0; index < ROUNDS; index += 1) {
    for (const kind of CASES) {
      for (const gateway of gateways) {
        const round = await measureOne(gateway, bodiesOf(kind, gateway.target.model));
        const name = `${gateway.name} ${kind}`;
        results.set(name, [...(results.get(name) ?? []), round]);
        report(
          `round ${index + 1} ${name}: ${round.requestsPerSecond.toFixed(0)}/s, p50 ${round.p50.toFixed(2)} ms, ${round.failed} failed`,
        );
      }
    }
  }
  return results;
}

async function measureOne({ target, ...gateway }: Gateway, nextBody: () => Buffer): Promise<Round> {
  await load(target, nextBody, CONNECTIONS, WARM_MS);
  const [before, upstreamBefore] = [gateway.cpuMs(), gateway.upstreamCpuMs?.() ?? 0];
  const many = await load(target, nextBody, CONNECTIONS, MANY_MS);
  const answered = many.latencies.length + many.failed;
  const used = (gateway.cpuMs() - before) / answered;
  const upstreamUsed = ((gateway.upstreamCpuMs?.() ?? 0) - upstreamBefore) / answered;
  const one = await load(target, nextBody, 1, ONE_MS);
  return {
    requestsPerSecond: many.requestsPerSecond,
    cpuMs: used,
    upstreamCpuMs: upstreamUsed,
    p50: percentile(one.latencies, 0.5),
    p99: percentile(one.latencies, 0.99),
    failed: many.failed + one.failed,
  };
}

function outcome(gateways: readonly Gateway[], results: Results): Outcome {
  const median = (name: string, kind: Case, figure: keyof Round) =>
    percentile(
      (results.get(`${name} ${kind}`) ?? []).map((each) => each[figure]),
      0.5,
    );
  const added = (name: string, kind: Case, figure: "p50" | "p99") =>
    median(name, kind, figure) - median("direct", kind, figure);

  const figures: Record<string, Figures> = {};
  for (const { name, version, upstreamCpuMs } of gateways) {
    const cases: Record<string, Figures> = {};
    for (const kind of CASES) {
      cases[kind] = {
        requests_per_s: round(median(name, kind, "requestsPerSecond")),
        cpu_ms: round(median(name, kind, "cpuMs")),
        ...(upstreamCpuMs && { gpu_worker_cpu_ms: round(median(name, kind, "upstreamCpuMs")) }),
        ...(name === "direct"
          ? { p50_ms: round(median(name, kind, "p50")), p99_ms: round(median(name, kind, "p99")) }
          : { added_p50_ms: round(added(name, kind, "p50")), added_p99_ms: round(added(name, kind, "p99")) }),
        failed: median(name, kind, "failed"),
      };
    }
    figures[name] = { version, ...cases };
  }

  const has = (name: string) => gateways.some((gateway) => gateway.name === name);
  const ratios: Record<string, number> = {};
  if (has("litellm")) {
    const against = (kind: Case, figure: "requestsPerSecond" | "cpuMs") =>
      round(median("tessera", kind, figure) / median("litellm", kind, figure));
    ratios.rps_vs_litellm = against("image_sync", "requestsPerSecond");
    ratios.rps_new_image_vs_litellm = against("new_image_sync", "requestsPerSecond");
    ratios.rps_text_vs_litellm = against("text_sync", "requestsPerSecond");
    ratios.cpu_vs_litellm = against("image_sync", "cpuMs");
    ratios.cpu_new_image_vs_litellm = against("new_image_sync", "cpuMs");
    ratios.cpu_text_vs_litellm = against("text_sync", "cpuMs");
  }
  if (has("portkey")) {
    const against = (kind: Case) => round(added("tessera", kind, "p50") / added("portkey", kind, "p50"));
    ratios.added_p50_vs_portkey = against("image_sync");
    ratios.added_p50_new_image_vs_portkey = against("new_image_sync");
    ratios.added_p50_text_vs_portkey = against("text_sync");
    ratios.added_p50_stream_vs_portkey = against("image_stream");
  }
  const missing = {
    ...(!has("litellm") && { litellm: { version: `missing: litellm ${LITELLM} can't be installed` } }),
    ...(!has("portkey") && {
      portkey: { version: `missing: @portkey-ai/gateway ${PORTKEY} can't be installed` },
    }),
  };
  return { figures: { ...figures, ...missing }, ratios };
}
