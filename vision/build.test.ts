import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildPixels } from "./build.ts";

it("has the committed module built from the sources beside it", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-pixels-"));
  const rebuilt = join(folder, "pixels.wasm");
  buildPixels(rebuilt);
  const committed = readFileSync(join(import.meta.dirname, "pixels.wasm"));
  expect(readFileSync(rebuilt).equals(committed)).toBe(true);
  rmSync(folder, { recursive: true });
});
