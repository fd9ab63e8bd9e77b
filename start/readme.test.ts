/** README.md shows what the product prints. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { curlLine } from "./curl.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");

it("has the curl line of npm start, with the key read from its file", () => {
  const key = `$(node -p 'require("./.tessera/dev.json").apiKey')`;
  expect(readme).toContain(curlLine("http://127.0.0.1:8787", key));
});
