import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

it("has a sentence and an advice for the same failures in every language", () => {
  expect(Object.keys(zh.failures).sort()).toEqual(Object.keys(en.failures).sort());
  for (const { failures } of [en, zh]) {
    for (const [code, sentence] of Object.entries(failures)) {
      expect(
        sentence.every((part) => part.length > 0),
        code,
      ).toBe(true);
    }
  }
});

it("suggests questions in words that tessera-tiny was trained on", () => {
  const phrases = readFileSync(join(import.meta.dirname, "../../models/tessera-tiny/phrases.py"), "utf8");
  const forms = phrases.replaceAll(/[[\]]/g, "");
  for (const question of [...en.ask.tinyQuestions, ...zh.ask.tinyQuestions]) {
    expect(forms).toContain(`"${question}"`);
  }
});
