import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findModel } from "./models.ts";

it("names tessera-tiny's revision after its weights, so that no cached answer outlives them", () => {
  const manifest = readFileSync(join(import.meta.dirname, "../models/tessera-tiny/weights/manifest.json"));
  const digest = createHash("sha256").update(manifest).digest("hex");
  expect(findModel("tessera-tiny")?.revision).toBe(digest.slice(0, 12));
});
