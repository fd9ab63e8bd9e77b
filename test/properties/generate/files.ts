/** The generated set: every file follows from its format and seed. A few more were made by libwebp's encoder. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { randomGif } from "./gif.ts";
import { randomJpeg } from "./jpeg.ts";
import { randomPng } from "./png.ts";
import { Random } from "./random.ts";
import { randomWebp } from "./webp.ts";

const GENERATORS = { jpg: randomJpeg, png: randomPng, gif: randomGif, webp: randomWebp } as const;
const FORMATS = ["jpg", "png", "gif", "webp"] as const;
/** How many files of each format make the set. */
const COUNTS = { jpg: 900, png: 550, gif: 250, webp: 350 } as const;
const ENCODED = join(import.meta.dirname, "../webp");

export interface GeneratedFile {
  /** FORMAT-SEED, or the name of an encoder's file. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The set whose hashes are recorded, or with another first seed another set of as many files. Its WebP files stay the
 * same: of other seeds, one in some hundred has coefficients beyond 16 bits, which no encoder writes and for which
 * libwebp's kernels for vectors and its plain ones give different pixels.
 */
export function* generatedFiles(firstSeed = 0): Generator<GeneratedFile> {
  for (const format of FORMATS) {
    const first = format === "webp" ? 0 : firstSeed;
    for (let seed = first; seed < first + COUNTS[format]; seed++) {
      yield { name: `${format}-${seed}`, bytes: GENERATORS[format](new Random(seed)) };
    }
  }
  for (const file of readdirSync(ENCODED).toSorted()) {
    yield { name: `libwebp-${file}`, bytes: new Uint8Array(readFileSync(join(ENCODED, file))) };
  }
}
