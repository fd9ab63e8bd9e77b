/**
 * The image pipeline beside Pillow, transformers' image processor and sharp: from a file's bytes to a model's two views,
 * in rounds that take turns. Pictures of 12 and 0.3 megapixels are made by Pillow, those of 50 by the tests' generator.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findModel } from "../core/models.ts";
import { largeJpeg } from "../test/properties/generate/large-jpeg.ts";
import { DEFAULT_LIMITS, type ImageLimits } from "../vision/limits.ts";
import { openNodeVision } from "../vision/node.ts";
import type { Figures, Outcome } from "./benchmark.ts";
import { percentile, round } from "./statistics.ts";
import { loadSharp, type PythonTools, sharpMilliseconds, startPython } from "./vision/tools.ts";

const PHOTO = join(import.meta.dirname, "../test/golden/images/j-2000x1500.jpg");
const PICTURES = ["jpeg_12mp", "progressive_12mp", "png_12mp", "webp_12mp", "jpeg_0_3mp"] as const;
const ROUNDS = 9;
/** Wasm is compiled for good while it first runs. */
const WARM_UPS = 3;
/** Small pictures are quick: each round takes this many. */
const SMALL_REPEATS = 10;
/** A PNG of 12 megapixels of noise is larger than the product takes. */
const LIMITS: ImageLimits = { ...DEFAULT_LIMITS, bytes: 64_000_000 };
const MEGABYTE = 1_000_000;

const geometry = findModel("llava-v1.6-34b")?.geometry;
const vision = openNodeVision();

export async function run(report: (line: string) => void): Promise<Outcome> {
  const python = await startPython(report);
  const folder = mkdtempSync(join(tmpdir(), "tessera-bench-"));
  try {
    const heap = await measureHeap();
    if (!python) {
      report("Pillow can't be installed");
      return { figures: { pillow: "missing", transformers: "missing", heap_mb: heap }, ratios: {} };
    }
    report("making the pictures");
    await python.make(PHOTO, folder);
    return await compare(python, folder, heap, report);
  } finally {
    python?.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Milliseconds and the Wasm heap of one picture. */
async function ours(
  bytes: Uint8Array,
): Promise<{ ms: number; heap: number; size: readonly [number, number] }> {
  if (!geometry) throw new Error("The registry has no llava-v1.6-34b.");
  let heap = Number.NaN;
  const started = performance.now();
  const prepared = await vision.prepare(bytes, geometry, "default", {
    limits: LIMITS,
    onHeap: (size) => {
      heap = size;
    },
  });
  const ms = performance.now() - started;
  if (!prepared.ok) throw new Error(prepared.error.message);
  return { ms, heap, size: prepared.value.resized };
}

async function measureHeap(): Promise<Record<string, number>> {
  const baseline = await ours(largeJpeg(8192, 6144, false));
  const progressive = await ours(largeJpeg(8192, 6144, true));
  return { jpeg_50mp: round(baseline.heap / MEGABYTE), progressive_50mp: round(progressive.heap / MEGABYTE) };
}

interface Times {
  readonly ours: number[];
  readonly pillow: number[];
  readonly sharp: number[];
  readonly transformers: number[];
}

async function compare(
  python: PythonTools,
  folder: string,
  heap: Record<string, number>,
  report: (line: string) => void,
): Promise<Outcome> {
  const sharp = loadSharp(report);
  const figures: Record<string, Figures | string> = {
    pillow: python.pillow,
    transformers: python.transformers ?? "missing",
    sharp: sharp ? "sharp 0.34.5" : "missing",
  };
  const ratios: Record<string, number> = {};
  for (const name of PICTURES) {
    report(`${name}: ${ROUNDS} rounds`);
    const file = join(folder, name);
    const bytes = new Uint8Array(readFileSync(file));
    let warm = await ours(bytes);
    for (let turn = 1; turn < WARM_UPS; turn++) warm = await ours(bytes);
    const times: Times = { ours: [], pillow: [], sharp: [], transformers: [] };
    const repeats = name === "jpeg_0_3mp" ? SMALL_REPEATS : 1;
    for (let turn = 0; turn < ROUNDS * repeats; turn++) {
      times.ours.push((await ours(bytes)).ms);
      times.pillow.push(await python.milliseconds("pillow", file, warm.size));
      if (sharp) times.sharp.push(await sharpMilliseconds(sharp, file, warm.size, geometry?.tile ?? 0));
      if (python.transformers && name === "jpeg_12mp") {
        times.transformers.push(await python.milliseconds("transformers", file, warm.size));
      }
    }
    const median = (samples: readonly number[]) => percentile(samples, 0.5);
    ratios[`${name}_vs_pillow`] = round(median(times.ours) / median(times.pillow));
    if (times.transformers.length > 0) {
      ratios[`${name}_vs_transformers`] = round(median(times.ours) / median(times.transformers));
    }
    if (sharp) ratios[`${name}_vs_sharp`] = round(median(times.ours) / median(times.sharp));
    figures[name] = Object.fromEntries(
      Object.entries(times)
        .filter(([, samples]) => samples.length > 0)
        .map(([tool, samples]) => [`${tool}_ms`, round(median(samples))]),
    );
    const beside = name === "png_12mp" ? bytes.length : 0;
    heap[name] = round((warm.heap - beside) / MEGABYTE);
    heap.max = Math.max(heap.max ?? 0, round(warm.heap / MEGABYTE));
  }
  heap.max = Math.max(...Object.values(heap));
  return { figures: { ...figures, heap_mb: heap }, ratios };
}
