/** The tokenizers against recordings of the reference ones; `record.ts` says how those were made. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findModel } from "../../core/models.ts";
import { renderPrompt } from "../../core/prompt.ts";
import { tokenizePrompt } from "../../core/tokenizer.ts";
import { readVocabulary } from "../../gpu-worker/tokenizer.ts";
import { CONVERSATIONS } from "./conversations.ts";
import prompts from "./prompts.json" with { type: "json" };
import { strings } from "./strings.ts";

const IMAGE = -200;
const [, ...lines] = readFileSync(join(import.meta.dirname, "ids.txt"), "utf8")
  .trimEnd()
  .split("\n");
const recorded = lines.map((line) => line.split(" ").slice(1));

describe("the ids of 2,000 strings", () => {
  it.each([
    ["llama-2", "SentencePiece's, with Llama 2's pieces and scores", 0],
    ["mistral", "SentencePiece's, with Mistral's model", 1],
    ["yi-34b", "Hugging Face's, with Yi's tokenizer.json", 2],
  ] as const)("of %s are %s", async (name, _, column) => {
    const tokenizer = await readVocabulary({ tokenizer: name });
    const wrong = strings().filter((text, index) => {
      const digest = createHash("sha256").update(tokenizer.encode(text).join(",")).digest("hex");
      return digest.slice(0, 12) !== recorded[index]?.[column];
    });
    expect(recorded).toHaveLength(2000);
    expect(wrong).toEqual([]);
  });
});

describe("the ids of prompts are the authors'", () => {
  it.each(Object.entries(prompts))("for %s", async (id, expected) => {
    const model = findModel(id);
    if (!model) throw new Error(`There is no model ${id}.`);
    const tokenizer = await readVocabulary(model);
    const ours = CONVERSATIONS.map((messages) =>
      tokenizePrompt(renderPrompt(model.template, messages), tokenizer).pieces.flatMap((piece) =>
        "ids" in piece ? piece.ids : [IMAGE],
      ),
    );
    expect(ours).toEqual(expected);
  });
});
