/**
 * Records what Pillow makes of the generated files: `node test/properties/record.ts PYTHON`, where PYTHON has Pillow
 * 12.1.1. Writes `hashes.json`, so that the test itself needs no Python.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planTiles } from "../../core/anyres.ts";
import { openNodeVision } from "../../vision/node.ts";
import { generatedFiles } from "./generate/files.ts";
import { GEOMETRY } from "./geometry.ts";

const [python = "python3"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "tessera-generated-"));
const vision = openNodeVision();
const sizes: Record<string, readonly [number, number]> = {};
for (const { name, bytes } of generatedFiles()) {
  const header = vision.probe(bytes);
  if (!header.ok) throw new Error(`${name}: ${header.error.message}`);
  const { width, height, orientation } = header.value;
  sizes[`${name} reference`] = planTiles(width, height, GEOMETRY).resized;
  const turned = orientation >= 5;
  sizes[`${name} default`] = planTiles(turned ? height : width, turned ? width : height, GEOMETRY).resized;
  writeFileSync(join(folder, name), bytes);
}
writeFileSync(join(folder, "sizes.json"), JSON.stringify(sizes));
const { status } = spawnSync(
  python,
  [join(import.meta.dirname, "record_hashes.py"), folder, join(import.meta.dirname, "hashes.json")],
  { stdio: "inherit" },
);
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
