/**
 * Law: what Pillow makes of a file, Tessera makes of it, byte for byte. On generated files: layouts, tables, scan
 * scripts, filters and frames that no encoder would choose. Pillow itself answers where `TESSERA_PYTHON` or python3 has
 * the reference's version, also about other files (`TESSERA_GENERATED_SEED`); elsewhere its recorded hashes do.
 */
import { expect, it } from "vitest";
import { DEFAULT_LIMITS, type ImageLimits } from "../../vision/limits.ts";
import { openNodeVision } from "../../vision/node.ts";
import { type GeneratedFile, generatedFiles } from "./generate/files.ts";
import { SMALL_GEOMETRY } from "./geometry.ts";
import recorded from "./hashes.json" with { type: "json" };
import { askPillow, findPython, hashViews } from "./oracle.ts";

const FIRST_SEED = Number(process.env.TESSERA_GENERATED_SEED ?? 0);
const python = findPython();
if (FIRST_SEED !== 0 && !python) throw new Error("Only the files from seed 0 on are recorded.");
const oracle = python ? `Pillow (${python})` : "Pillow's recorded hashes";

const files = [...generatedFiles(FIRST_SEED)];
const wanted: ReadonlyMap<string, string> = python
  ? askPillow(python, files)
  : new Map(Object.entries(recorded));
const vision = openNodeVision();

/** So little that every file of several scans needs bands. */
const NARROW: ImageLimits = {
  ...DEFAULT_LIMITS,
  bands: { bytes: 60_000, heapBytes: 68_000_000, count: 1000 },
};

/** The files whose views are not the oracle's, with what came of them. */
async function wrong(limits: ImageLimits, some: readonly GeneratedFile[]): Promise<string[]> {
  const found: string[] = [];
  for (const { name, bytes } of some) {
    const reference = await vision.prepare(bytes, SMALL_GEOMETRY, "reference", { limits });
    const standard = await vision.prepare(bytes, SMALL_GEOMETRY, "default", { limits });
    if (!reference.ok) found.push(`${name}: ${reference.error.message}`);
    else if (!standard.ok) found.push(`${name}: ${standard.error.message}`);
    else if (!hashViews([reference.value, standard.value]).startsWith(wanted.get(name) ?? "none")) {
      found.push(`${name}: other pixels`);
    }
  }
  return found;
}

it(`prepares ${files.length} generated files as ${oracle} does`, async () => {
  expect(files.length).toBeGreaterThan(2000);
  expect(await wrong(DEFAULT_LIMITS, files)).toEqual([]);
});

it("prepares JPEG files in narrow bands as at once", async () => {
  const jpegs = files.filter(({ name }) => name.startsWith("jpg"));
  expect(await wrong(NARROW, jpegs)).toEqual([]);
});

it.runIf(python && FIRST_SEED === 0)("has Pillow's answers recorded", () => {
  const short = [...wanted].map(([name, hash]) => [name, hash.slice(0, 16)]);
  expect(recorded).toEqual(Object.fromEntries(short));
});
