/** The generated set. JPEG, PNG and GIF files follow from their names; WebP ones are kept, made by libwebp's encoder. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { randomGif } from "./gif.ts";
import { randomJpeg } from "./jpeg.ts";
import { randomPng } from "./png.ts";
import { Random } from "./random.ts";

const GENERATORS = { jpg: randomJpeg, png: randomPng, gif: randomGif } as const;
export type GeneratedFormat = keyof typeof GENERATORS;

/** How many files of each format have recorded hashes. */
const COUNTS: Record<GeneratedFormat, number> = { jpg: 160, png: 100, gif: 60 };

export function generate(format: GeneratedFormat, seed: number): Uint8Array {
  return GENERATORS[format](new Random(seed));
}

const WEBP = join(import.meta.dirname, "../webp");

export function* generatedFiles(): Generator<{ name: string; bytes: Uint8Array }> {
  for (const format of ["jpg", "png", "gif"] as const) {
    for (let seed = 0; seed < COUNTS[format]; seed++) {
      yield { name: `${format}-${seed}`, bytes: generate(format, seed) };
    }
  }
  for (const file of readdirSync(WEBP).toSorted()) {
    yield {
      name: `webp-${file.replace(".webp", "")}`,
      bytes: new Uint8Array(readFileSync(join(WEBP, file))),
    };
  }
}
