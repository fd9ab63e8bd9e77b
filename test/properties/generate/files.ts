/** The generated set: each file follows from its name alone. */
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

export function* generatedFiles(): Generator<{ name: string; bytes: Uint8Array }> {
  for (const format of ["jpg", "png", "gif"] as const) {
    for (let seed = 0; seed < COUNTS[format]; seed++) {
      yield { name: `${format}-${seed}`, bytes: generate(format, seed) };
    }
  }
}
