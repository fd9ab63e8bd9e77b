/** What Pillow makes of files: asked where a Python has the reference's version, and recorded for where none has. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { planTiles } from "../../core/anyres.ts";
import { orientedSize, type PreparedImage } from "../../core/vision.ts";
import { openNodeVision } from "../../vision/node.ts";
import type { GeneratedFile } from "./generate/files.ts";
import { SMALL_GEOMETRY } from "./geometry.ts";

/** The only version whose pixels are the reference (docs/images.md, "Resampling"). */
const PILLOW = "12.1.1";

/** The Python that `TESSERA_PYTHON` names, or `python3`, if it has this Pillow. */
export function findPython(): string | undefined {
  const python = process.env.TESSERA_PYTHON ?? "python3";
  const { stdout } = spawnSync(python, ["-c", "import PIL; print(PIL.__version__)"], { encoding: "utf8" });
  return stdout?.trim() === PILLOW ? python : undefined;
}

/** A file's views under the policies reference and default, as the oracle hashes them. */
export function hashViews(prepared: readonly PreparedImage[]): string {
  const hash = createHash("sha256");
  for (const { base, view } of prepared) hash.update(base).update(view);
  return hash.digest("hex");
}

/** Hashes of Pillow's views of each file, by name. */
export function askPillow(python: string, files: readonly GeneratedFile[]): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "tessera-generated-"));
  try {
    for (const { name, bytes } of files) writeFileSync(join(folder, name), bytes);
    writeFileSync(join(folder, "sizes.json"), JSON.stringify(sizesOf(files)));
    const { status, stdout, stderr } = spawnSync(
      python,
      [join(import.meta.dirname, "pillow_hashes.py"), folder],
      { encoding: "utf8", maxBuffer: 1 << 26 },
    );
    if (status !== 0) throw new Error(stderr);
    return new Map(Object.entries(z.record(z.string(), z.string()).parse(JSON.parse(stdout))));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function sizesOf(files: readonly GeneratedFile[]) {
  const vision = openNodeVision();
  return Object.fromEntries(
    files.map(({ name, bytes }) => {
      const probe = vision.probe(bytes);
      if (!probe.ok) throw new Error(`${name}: ${probe.error.message}`);
      const { width, height } = probe.value;
      return [
        name,
        {
          tile: SMALL_GEOMETRY.tile,
          reference: planTiles(width, height, SMALL_GEOMETRY).resized,
          default: planTiles(...orientedSize(probe.value), SMALL_GEOMETRY).resized,
        },
      ];
    }),
  );
}
