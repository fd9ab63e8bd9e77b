/** The image pipeline in Node: for the command line, benchmarks and tests. */
import { readFileSync } from "node:fs";
import { setImmediate, setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openVision, type Vision } from "./vision.ts";

/** Reads the Wasm modules from this folder and from `node_modules`. */
export function openNodeVision(): Vision {
  const load = (url: string) => new WebAssembly.Module(readFileSync(fileURLToPath(url)));
  return openVision({
    pixels: load(import.meta.resolve("./pixels.wasm")),
    webp: load(import.meta.resolve("@jsquash/webp/codec/dec/webp_dec.wasm")),
    // A timer of 0 ms would take one.
    wait: (milliseconds) => (milliseconds === 0 ? setImmediate() : setTimeout(milliseconds)),
  });
}
