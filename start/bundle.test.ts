import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { bundle } from "./bundle.ts";

const RULES = [
  { type: "Text" as const, include: ["**/*.html"] },
  { type: "CompiledWasm" as const, include: ["**/*.wasm", "**/*.wasm?module"] },
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tessera-bundle-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("puts TypeScript into one module, and leaves what a rule names beside it", async () => {
  mkdirSync(join(folder, "deep"));
  writeFileSync(join(folder, "page.html"), "<h1>Hello</h1>");
  writeFileSync(join(folder, "deep/code.wasm"), new Uint8Array([0, 97, 115, 109]));
  writeFileSync(
    join(folder, "deep/part.ts"),
    'import code from "./code.wasm?module";\nexport const part: unknown = code;',
  );
  writeFileSync(
    join(folder, "entry.ts"),
    'import { DurableObject } from "cloudflare:workers";\nimport page from "./page.html";\nimport { part } from "./deep/part.ts";\nimport again from "./page.html";\nexport default { page, again, part, DurableObject };',
  );
  const [code, ...assets] = await bundle(join(folder, "entry.ts"), RULES);
  expect(assets).toHaveLength(2);
  expect(assets).toContainEqual({
    type: "Text",
    path: expect.stringMatching(/page\.html$/),
    contents: "<h1>Hello</h1>",
  });
  expect(assets).toContainEqual({
    type: "CompiledWasm",
    path: expect.stringMatching(/code\.wasm$/),
    contents: new Uint8Array([0, 97, 115, 109]),
  });
  for (const { path } of assets) expect(code?.contents).toContain(`"./${path}"`);
  expect(code?.contents).toContain('"cloudflare:workers"');
});

it("names a file that is missing", async () => {
  writeFileSync(join(folder, "entry.ts"), 'import page from "./page.html";\nexport default page;');
  await expect(bundle(join(folder, "entry.ts"), RULES)).rejects.toThrow(/page\.html/);
});
