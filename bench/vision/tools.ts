/** The baselines' tools, installed once into a cache outside of the repository. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { toolCache } from "../../test/helpers/tool-cache.ts";

const CACHE = toolCache("bench-vision");
const PYTHON_PACKAGES = ["pillow==12.1.1", "numpy==2.4.6", "transformers==5.23.0"];
const SHARP = "0.34.5";

const hello = z.object({
  pillow: z.string(),
  transformers: z.string().nullable(),
  transformers_default: z.string().nullable(),
});
const answer = z.object({ ms: z.number(), cpu_ms: z.number(), peak_mb: z.number() });

/** One picture's milliseconds, and those of processor time, which a busy machine does not stretch. */
export interface Sample {
  readonly ms: number;
  readonly cpu: number;
}

export type PythonTool = keyof z.infer<typeof hello>;

/** A Python process with Pillow 12.1.1, and transformers' two processors where they could be had. */
export interface PythonTools {
  /** Name and version of each tool, or null. */
  readonly versions: z.infer<typeof hello>;
  make(source: string, folder: string): Promise<void>;
  prepare(tool: PythonTool, file: string, size: readonly [number, number]): Promise<Sample>;
  /** The most memory that the process has held, in megabytes. */
  peakMegabytes(): number;
  stop(): void;
}

/**
 * The Python that `TESSERA_BENCH_PYTHON` names, or one in the cache; undefined when Pillow can't be installed. The
 * cache's has no torchvision, which transformers' default processor needs.
 */
export async function startPython(report: (line: string) => void): Promise<PythonTools | undefined> {
  const python = process.env.TESSERA_BENCH_PYTHON ?? installPython(report);
  const child = spawn(python, [join(import.meta.dirname, "pillow.py")], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const next = linesOf(child);
  const first = hello.safeParse(await next());
  if (!first.success) return undefined;
  let peak = 0;
  const ask = async (request: unknown) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { ms, cpu_ms, peak_mb } = answer.parse(await next());
    peak = peak_mb;
    return { ms, cpu: cpu_ms };
  };
  return {
    versions: first.data,
    make: async (source, folder) => void (await ask({ make: [source, folder] })),
    prepare: (tool, file, size) => ask({ tool, file, size }),
    peakMegabytes: () => peak,
    stop: () => child.kill(),
  };
}

function installPython(report: (line: string) => void): string {
  const python = join(CACHE, "python/bin/python");
  if (!existsSync(python)) {
    report(`installing ${PYTHON_PACKAGES.join(", ")} into ${CACHE}`);
    mkdirSync(CACHE, { recursive: true });
    spawnSync("python3", ["-m", "venv", join(CACHE, "python")]);
  }
  spawnSync(python, ["-m", "pip", "install", "--quiet", ...PYTHON_PACKAGES]);
  return python;
}

/** Each call gives the next line's JSON, or undefined after the last. */
function linesOf(child: ChildProcess): () => Promise<unknown> {
  if (!child.stdout) throw new Error("The process has no output.");
  child.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    const line = await lines.next();
    return line.done ? undefined : JSON.parse(line.value);
  };
}

interface Pipeline {
  resize(width: number, height: number, options: object): Pipeline;
  raw(): Pipeline;
  toBuffer(): Promise<Uint8Array>;
}
type Sharp = (file: string, options: object) => Pipeline;

/** Installs an npm package into a folder of its own in the cache, and returns that. */
export function installNode(name: string, version: string, report: (line: string) => void): string {
  const folder = join(CACHE, "node", `${name.replace("/", "-")}-${version}`);
  if (!existsSync(join(folder, "node_modules", name))) {
    report(`installing ${name} ${version} into ${folder}`);
    mkdirSync(folder, { recursive: true });
    spawnSync("npm", ["install", "--silent", "--prefix", folder, `${name}@${version}`]);
  }
  return folder;
}

/** sharp, or undefined when it can't be installed. */
export function loadSharp(report: (line: string) => void): { version: string; sharp: Sharp } | undefined {
  try {
    const folder = installNode("sharp", SHARP, report);
    const sharp: Sharp = createRequire(join(folder, "index.js"))("sharp");
    return { version: `sharp ${SHARP}, whose pixels are not Pillow's`, sharp };
  } catch {
    return undefined;
  }
}

/** Milliseconds of one picture with sharp: decode and two bicubic resizes, whose pixels are not Pillow's. */
export async function sharpMilliseconds(
  sharp: Sharp,
  file: string,
  [width, height]: readonly [number, number],
  tile: number,
): Promise<number> {
  const started = performance.now();
  for (const size of [
    [width, height],
    [tile, tile],
  ] as const) {
    await sharp(file, { limitInputPixels: false })
      .resize(...size, { kernel: "cubic", fit: "fill", fastShrinkOnLoad: false })
      .raw()
      .toBuffer();
  }
  return performance.now() - started;
}
