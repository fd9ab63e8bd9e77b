/** Law 1 on generated files: layouts, tables, scan scripts, filters and frames that no encoder would choose. */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { openNodeVision } from "../../vision/node.ts";
import { generatedFiles } from "./generate/files.ts";
import { GEOMETRY } from "./geometry.ts";
import hashes from "./hashes.json" with { type: "json" };

it("prepares every generated file as Pillow does", async () => {
  const vision = openNodeVision();
  const recorded = new Map(Object.entries(hashes));
  const wrong: string[] = [];
  let equal = 0;
  for (const { name, bytes } of generatedFiles()) {
    for (const policy of ["reference", "default"] as const) {
      const prepared = await vision.prepare(bytes, GEOMETRY, policy);
      const found = prepared.ok
        ? createHash("sha256").update(prepared.value.base).update(prepared.value.view).digest("hex")
        : prepared.error.message;
      if (found === recorded.get(`${name} ${policy}`)) equal++;
      else wrong.push(`${name} ${policy}: ${found}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(equal).toBe(640);
});
