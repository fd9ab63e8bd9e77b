/** Builds `pixels.wasm` from `assembly/`: `node vision/build.ts [OUT]`. The built file is committed; a test rebuilds it. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The largest heap, in 64 KiB pages: 80 MB of the isolate's 128. */
const MAXIMUM_PAGES = 1220;

/** Compiles to `out`; throws with the compiler's output when it fails. */
export function buildPixels(out: string): void {
  const compiler = fileURLToPath(import.meta.resolve("assemblyscript/bin/asc.js"));
  const options = ["-O3", "--noAssert", "--enable", "simd", "--runtime", "stub"];
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      compiler,
      here("./assembly/index.ts"),
      "--outFile",
      out,
      ...options,
      "--maximumMemory",
      String(MAXIMUM_PAGES),
    ],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  buildPixels(process.argv[2] ?? here("./pixels.wasm"));
}
