/** Damaged files: whatever their bytes, the answer is a picture or a refusal, soon, in bounded memory. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openNodeVision } from "../../vision/node.ts";
import { generatedFiles } from "./generate/files.ts";
import { Random } from "./generate/random.ts";
import { GEOMETRY } from "./geometry.ts";

/** `TESSERA_FUZZ_FILES` and `TESSERA_FUZZ_SEED` make longer campaigns and repeat them. */
const FILES = Number(process.env.TESSERA_FUZZ_FILES ?? 1000);
const SEED = Number(process.env.TESSERA_FUZZ_SEED ?? Date.now() % 2 ** 31);
const GOLDEN = join(import.meta.dirname, "../golden/images");
/** A call of small files takes milliseconds; the machine may be busy with other tests. */
const PATIENCE_MS = 5_000;
const LIMIT_MS = Math.max(60_000, FILES * 30);
const MAX_HEAP_BYTES = 80_000_000;

function mutated(random: Random, original: Uint8Array): Uint8Array {
  const bytes = original.slice();
  for (let changes = random.integer(1, 8); changes > 0; changes--) {
    // Headers decide most: half of the changes hit them.
    const reach = random.chance(0.5) ? Math.min(bytes.length, 700) : bytes.length;
    const at = random.integer(0, reach - 1);
    if (random.chance(0.1)) bytes.copyWithin(at, random.integer(0, bytes.length - 1));
    else
      bytes[at] = random.pick([
        0,
        255,
        random.integer(0, 255),
        (bytes[at] ?? 0) ^ (1 << random.integer(0, 7)),
      ]);
  }
  return random.chance(0.2) ? bytes.subarray(0, random.integer(0, bytes.length)) : bytes;
}

it(
  `answers ${FILES} damaged files (seed ${SEED})`,
  async () => {
    const random = new Random(SEED);
    const golden = readdirSync(GOLDEN).map((file) => new Uint8Array(readFileSync(join(GOLDEN, file))));
    const originals = [
      ...golden.filter(({ length }) => length > 0 && length < 60_000),
      ...[...generatedFiles()].map(({ bytes }) => bytes).filter((_, index) => index % 16 === 0),
    ];
    const vision = openNodeVision();
    let pictures = 0;
    let largest = 0;
    let slowest = 0;
    for (let file = 0; file < FILES; file++) {
      const bytes = mutated(random, random.pick(originals));
      const start = performance.now();
      const prepared = await vision.prepare(bytes, GEOMETRY, random.pick(["default", "reference"]), {
        onHeap: (heap) => {
          largest = Math.max(largest, heap);
        },
      });
      slowest = Math.max(slowest, performance.now() - start);
      if (prepared.ok) pictures++;
      else expect(prepared.error.code).toMatch(/^image_/);
    }
    expect(pictures).toBeGreaterThan(0);
    expect(largest).toBeLessThanOrEqual(MAX_HEAP_BYTES);
    expect(slowest).toBeLessThan(PATIENCE_MS);
  },
  LIMIT_MS,
);
