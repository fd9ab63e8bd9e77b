/** Law 1 on generated files: layouts, tables, scan scripts, filters and frames that no encoder would choose. */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { DEFAULT_LIMITS, type ImageLimits } from "../../vision/limits.ts";
import { openNodeVision } from "../../vision/node.ts";
import { generatedFiles } from "./generate/files.ts";
import { GEOMETRY } from "./geometry.ts";
import hashes from "./hashes.json" with { type: "json" };

/** So little that every file of several scans needs bands. */
const NARROW: ImageLimits = {
  ...DEFAULT_LIMITS,
  bands: { bytes: 60_000, heapBytes: 68_000_000, count: 1000 },
};

it.each([
  ["in one go", DEFAULT_LIMITS],
  ["in narrow bands", NARROW],
])("prepares every generated file as Pillow does, %s", async (_, limits) => {
  const vision = openNodeVision();
  const recorded = new Map(Object.entries(hashes));
  const wrong: string[] = [];
  let equal = 0;
  for (const { name, bytes } of generatedFiles()) {
    for (const policy of ["reference", "default"] as const) {
      const prepared = await vision.prepare(bytes, GEOMETRY, policy, { limits });
      const found = prepared.ok
        ? createHash("sha256").update(prepared.value.base).update(prepared.value.view).digest("hex")
        : prepared.error.message;
      if (found === recorded.get(`${name} ${policy}`)) equal++;
      else wrong.push(`${name} ${policy}: ${found}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(equal).toBe(728);
});
