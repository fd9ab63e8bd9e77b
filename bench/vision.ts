/**
 * The image pipeline, in Node and in workerd, beside Pillow, transformers' two image processors, sharp and @jsquash:
 * from a file's bytes to a model's two views, in rounds that take turns. Then what one isolate holds, how its first
 * picture compares with later ones, and how long a stream falls silent while a picture of 50 megapixels is decoded.
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
import { type Codec, type Decode, loadJsquash } from "./vision/jsquash.ts";
import { measureStreamGaps } from "./vision/stream-gap.ts";
import { loadSharp, type PythonTools, type Sample, sharpMilliseconds, startPython } from "./vision/tools.ts";
import { startWorkerd, type Workerd } from "./vision/workerd.ts";

const PHOTO = join(import.meta.dirname, "../test/golden/images/j-2000x1500.jpg");
/** Each with how many times it is measured. */
const PICTURES = {
  jpeg_0_3mp: 60,
  jpeg_1mp: 30,
  jpeg_12mp: 9,
  jpeg_50mp: 3,
  progressive_12mp: 9,
  progressive_50mp: 3,
  png_0_3mp: 30,
  png_12mp: 9,
  webp_0_3mp: 30,
  webp_lossless_0_3mp: 30,
  webp_12mp: 9,
  gif_12mp: 5,
} as const;
type Picture = keyof typeof PICTURES;
/** Wasm is compiled for good while it first runs. */
const WARM_UPS = 3;
const COLD_ISOLATES = 7;
const WARM_TURNS = 15;
const GAP_ROUNDS = 5;
/** A PNG of 12 megapixels of noise is larger than the product takes. */
const LIMITS: ImageLimits = { ...DEFAULT_LIMITS, bytes: 64_000_000 };
const MEGABYTE = 1_000_000;

const geometry = findModel("llava-v1.6-34b")?.geometry;
if (!geometry) throw new Error("The registry has no llava-v1.6-34b.");
const vision = openNodeVision();
const median = (samples: readonly number[]) => percentile(samples, 0.5);

export async function run(report: (line: string) => void): Promise<Outcome> {
  const python = await startPython(report);
  if (!python) throw new Error("Pillow can't be installed; it makes the pictures.");
  const folder = mkdtempSync(join(tmpdir(), "tessera-bench-"));
  try {
    report("making the pictures");
    await python.make(PHOTO, folder);
    const compared = await compare(python, folder, report);
    report("memory of 50 megapixels of detail");
    const heap = await measureHeap(compared.heap);
    report(`${COLD_ISOLATES} cold isolates`);
    const cold = await measureCold(read(folder, "jpeg_1mp"));
    report("a stream beside a picture of 50 megapixels");
    const gaps = await measureStreamGaps(largeJpeg(8192, 6144, false), GAP_ROUNDS);
    return {
      figures: {
        ...compared.figures,
        heap_mb: heap,
        cold_jpeg_1mp: { first_ms: round(cold.first), warm_ms: round(cold.warm) },
        stream_gap_ms: round(median(gaps.map(({ during }) => during))),
        stream_gap_alone_ms: round(median(gaps.map(({ alone }) => alone))),
      },
      ratios: { ...compared.ratios, jpeg_1mp_cold_vs_warm: round(cold.first / cold.warm) },
    };
  } finally {
    python.stop();
    rmSync(folder, { recursive: true });
  }
}

function read(folder: string, name: Picture): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(folder, name)));
}

interface Prepared {
  readonly ms: number;
  /** Bytes of the Wasm heap. */
  readonly heap: number;
  readonly size: readonly [number, number];
}

async function ours(bytes: Uint8Array): Promise<Prepared> {
  if (!geometry) throw new Error("There is no geometry.");
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

/** The heaps of the pictures compared, and of files with as much detail as the product takes. */
async function measureHeap(compared: Readonly<Record<string, number>>): Promise<Record<string, number>> {
  const heap: Record<string, number> = { ...compared };
  for (const progressive of [false, true]) {
    const name = progressive ? "progressive_50mp" : "jpeg_50mp";
    const { heap: bytes } = await ours(largeJpeg(8192, 6144, progressive));
    heap[name] = Math.max(heap[name] ?? 0, round(bytes / MEGABYTE));
  }
  heap.max = Math.max(...Object.values(heap));
  return heap;
}

/** The first picture of isolates that have prepared none, and later ones, in milliseconds. */
async function measureCold(bytes: Uint8Array<ArrayBuffer>): Promise<{ first: number; warm: number }> {
  const first: number[] = [];
  const warm: number[] = [];
  for (let isolate = 0; isolate < COLD_ISOLATES; isolate++) {
    const workerd = await start();
    first.push(await workerd.milliseconds(bytes));
    for (let turn = 0; turn < WARM_TURNS; turn++) await workerd.milliseconds(bytes);
    for (let turn = 0; turn < WARM_TURNS; turn++) warm.push(await workerd.milliseconds(bytes));
    await workerd.stop();
  }
  return { first: median(first), warm: median(warm) };
}

function start(): Promise<Workerd> {
  if (!geometry) throw new Error("There is no geometry.");
  return startWorkerd(geometry);
}

/** One way from a file to views, or to pixels, and when it is used. */
interface Tool {
  readonly name: string;
  readonly takes: (picture: Picture, bytes: Uint8Array) => boolean;
  take(picture: Picture, bytes: Uint8Array<ArrayBuffer>, size: Prepared["size"]): Promise<Sample>;
}

async function compare(python: PythonTools, folder: string, report: (line: string) => void) {
  const workerd = await start();
  const { tools, versions } = await loadTools(python, workerd, folder, report);
  const figures: Record<string, Figures | string> = { ...versions };
  const ratios: Record<string, number> = {};
  const heap: Record<string, number> = {};
  for (const name of Object.keys(PICTURES).filter(isPicture)) {
    report(`${name}: ${PICTURES[name]} rounds`);
    const bytes = read(folder, name);
    const used = tools.filter(({ takes }) => takes(name, bytes));
    let prepared = await ours(bytes);
    for (let turn = 0; turn < WARM_UPS; turn++) {
      prepared = await ours(bytes);
      for (const tool of used) if (tool.name === "workerd") await tool.take(name, bytes, prepared.size);
    }
    const times = new Map<string, Sample[]>();
    for (let turn = 0; turn < PICTURES[name]; turn++) {
      for (const tool of used) {
        const samples = times.get(tool.name) ?? [];
        samples.push(await tool.take(name, bytes, prepared.size));
        times.set(tool.name, samples);
      }
    }
    const of = (tool: string, unit: keyof Sample) =>
      median((times.get(tool) ?? []).map((sample) => sample[unit]));
    for (const tool of times.keys()) {
      if (tool === "workerd") {
        ratios[`${name}_workerd_vs_pillow`] = round(of(tool, "ms") / of("pillow", "ms"));
      } else if (tool !== "node") {
        ratios[`${name}_vs_${tool}`] = round(of("node", "ms") / of(tool, "ms"));
        ratios[`${name}_vs_${tool}_cpu`] = round(of("node", "cpu") / of(tool, "cpu"));
      }
    }
    figures[name] = {
      megabytes: round(bytes.length / MEGABYTE),
      ...Object.fromEntries([...times.keys()].map((tool) => [`${tool}_ms`, round(of(tool, "ms"))])),
    };
    const beside = name.startsWith("png") ? bytes.length : 0;
    heap[name] = round((prepared.heap - beside) / MEGABYTE);
  }
  const memory = { node: process.resourceUsage().maxRSS / 1000, pillow: python.peakMegabytes() };
  figures.process_peak_mb = { node: round(memory.node), python: round(memory.pillow) };
  await workerd.stop();
  return { figures, ratios, heap };
}

function isPicture(name: string): name is Picture {
  return name in PICTURES;
}

async function loadTools(
  python: PythonTools,
  workerd: Workerd,
  folder: string,
  report: (line: string) => void,
): Promise<{ tools: Tool[]; versions: Record<string, string> }> {
  const always = () => true;
  const versions: Record<string, string> = {};
  const tools: Tool[] = [
    { name: "node", takes: always, take: (_, bytes) => timed(async () => (await ours(bytes)).ms) },
    {
      name: "workerd",
      takes: (_, bytes) => bytes.length <= DEFAULT_LIMITS.bytes,
      take: async (_, bytes) => ({ ms: await workerd.milliseconds(bytes), cpu: Number.NaN }),
    },
  ];
  for (const name of ["pillow", "transformers", "transformers_default"] as const) {
    versions[name] = python.versions[name] ?? "missing";
    if (!python.versions[name]) continue;
    const takes = name === "pillow" ? always : (picture: Picture) => picture.startsWith("jpeg");
    tools.push({
      name,
      takes,
      take: (picture, _, size) => python.prepare(name, join(folder, picture), size),
    });
  }
  const sharp = loadSharp(report);
  versions.sharp = sharp?.version ?? "missing";
  if (sharp) {
    tools.push({
      name: "sharp",
      takes: always,
      take: (picture, _, size) =>
        timed(() => sharpMilliseconds(sharp.sharp, join(folder, picture), size, geometry?.tile ?? 0)),
    });
  }
  for (const codec of ["jpeg", "png", "webp"] as const) {
    const loaded = await loadJsquash(codec, report);
    versions[`jsquash_${codec}`] = loaded?.version ?? "missing";
    if (loaded) tools.push(jsquashTool(codec, loaded.decode));
  }
  return { tools, versions };
}

function jsquashTool(codec: Codec, decode: Decode): Tool {
  return {
    name: "jsquash",
    takes: (picture) => (codec === "jpeg" ? /^(jpeg|progressive)/ : new RegExp(`^${codec}`)).test(picture),
    take: (_, bytes) => timed(() => decode(bytes)),
  };
}

/** Milliseconds as a tool of this process counts them, and what of the processor they took. */
async function timed(take: () => Promise<number>): Promise<Sample> {
  const before = process.cpuUsage();
  const ms = await take();
  const { user, system } = process.cpuUsage(before);
  return { ms, cpu: (user + system) / 1000 };
}
