/**
 * Records what Pillow makes of the generated files: `TESSERA_PYTHON=PYTHON node test/properties/record.ts`. Writes
 * `hashes.json`, the first 16 digits of each hash, so that the test itself needs no Python.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles } from "./generate/files.ts";
import { askPillow, findPython } from "./oracle.ts";

const python = findPython();
if (!python) throw new Error("Name a Python that has Pillow 12.1.1 in TESSERA_PYTHON.");
const hashes = [...askPillow(python, [...generatedFiles()])].map(([name, hash]) => [name, hash.slice(0, 16)]);
writeFileSync(
  join(import.meta.dirname, "hashes.json"),
  `${JSON.stringify(Object.fromEntries(hashes), null, 2)}\n`,
);
