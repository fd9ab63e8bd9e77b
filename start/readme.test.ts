/** README.md shows what the product prints and what the model answers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { curlLine } from "./curl.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");

it("has the curl line of npm start, with the key read from its file", () => {
  const key = `$(node -p 'require("./.tessera/dev.json").apiKey')`;
  expect(readme).toContain(curlLine("http://127.0.0.1:8787", key));
});

it("has the committed examples with their answers", () => {
  const folder = "models/tessera-tiny/examples";
  const example = z.object({ file: z.string(), question: z.string(), answer: z.string() });
  const examples = z
    .array(example)
    .parse(JSON.parse(readFileSync(join(REPOSITORY, folder, "examples.json"), "utf8")));
  for (const { file, question, answer } of examples.slice(0, 3)) {
    expect(readme).toContain(`$ npx tessera ask ${folder}/${file} "${question}"\n${answer}\n`);
  }
});
