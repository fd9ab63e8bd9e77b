/**
 * What the checkpoints' vocabularies cost an isolate: memory and time when one is first needed, the time of the longest
 * texts, and the size of the edge Worker's bundle with and without them. Each is measured in a fresh process.
 */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { z } from "zod";
import { bundle } from "../start/bundle.ts";
import type { Figures, Outcome } from "./benchmark.ts";

const ROOT = join(import.meta.dirname, "..");

const measured = z.record(
  z.string(),
  z.union([z.number(), z.record(z.string(), z.record(z.string(), z.number()))]),
);

export async function run(report: (line: string) => void): Promise<Outcome> {
  const names = readdirSync(join(ROOT, "models/tokenizers"))
    .filter((file) => file.endsWith(".vocabulary"))
    .map((file) => basename(file, ".vocabulary"));
  const figures: Record<string, Figures> = {};
  for (const name of names) {
    report(name);
    figures[name] = measure(name);
  }
  report("the edge Worker's bundle");
  const sizes = await bundleSizes();
  return {
    figures: { ...figures, edge_bundle_gzipped_bytes: sizes },
    ratios: { bundle_with_vs_without: Math.round((100 * sizes.with) / sizes.without) / 100 },
  };
}

function measure(name: string): Figures {
  const script = join(import.meta.dirname, "tokenizers/measure.ts");
  const line = execFileSync(process.execPath, ["--expose-gc", script, name], { encoding: "utf8" });
  return measured.parse(JSON.parse(line));
}

async function bundleSizes(): Promise<{ readonly with: number; readonly without: number }> {
  const { workerOptions, main } = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml"));
  if (!main) throw new Error("wrangler.toml names no main file.");
  const modules = await bundle(main, workerOptions.modulesRules ?? []);
  const size = (chosen: typeof modules) =>
    chosen.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
  return {
    with: size(modules),
    without: size(modules.filter(({ path }) => !path.endsWith(".vocabulary"))),
  };
}
