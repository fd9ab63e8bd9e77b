import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadSentencePiece } from "./sentence-piece.ts";

function load(name: string) {
  return loadSentencePiece(readFileSync(new URL(`../models/tokenizers/${name}.vocabulary`, import.meta.url)));
}

const CONTROLS = {
  "llama-2": ["<unk>", "<s>", "</s>"],
  mistral: ["<unk>", "<s>", "</s>"],
  "yi-34b": ["<unk>", "<|startoftext|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<fim_prefix>"],
};

/** Text of any script, emoji, and what looks like control tokens. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        ...Object.values(CONTROLS).flat(),
        "<|im_",
        "end|>",
        "<image>",
        "<0x0A>",
        "[INST]",
        "USER:",
      ),
      fc.constantFrom(" ", "  ", "\n", "\t", "你好，世界", "👩‍👩‍👧‍👦", "<p>", "```"),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""))
  .filter((joined) => joined.isWellFormed());

describe.each(Object.entries(CONTROLS))("the vocabulary %s", (name, controls) => {
  const tokenizer = load(name);

  it("gives back every text, and never a control token for it", () => {
    const controlIds = new Set(controls.map((control) => tokenizer.control(control)));
    expect(controlIds).not.toContain(undefined);
    fc.assert(
      fc.property(text, fc.boolean(), (plain, continued) => {
        const ids = tokenizer.encode(plain, { continued });
        // A control token stands for no bytes; each id of a text does.
        expect(ids.filter((id) => controlIds.has(id) || tokenizer.bytes(id).length === 0)).toEqual([]);
        const decoded = new TextDecoder().decode(
          Uint8Array.from(ids.flatMap((id) => [...tokenizer.bytes(id)])),
        );
        const space = tokenizer.dropsFirstSpace && !continued && plain !== "" ? " " : "";
        expect(decoded).toBe(space + plain.replaceAll("\u2581", " "));
        if (!continued) expect(tokenizer.decode(ids)).toBe(plain.replaceAll("\u2581", " "));
      }),
      { numRuns: 1000 },
    );
  });

  it("has no control token by another name, and no text for ids that it lacks", () => {
    expect(tokenizer.control("<|nothing|>")).toBeUndefined();
    expect(tokenizer.control("the")).toBeUndefined();
    expect(tokenizer.decode([-1, 1 << 20, Number.NaN])).toBe("");
  });

  it("takes the longest text that a request may have, of whatever letters", () => {
    for (const unit of ["a", " ", "\n", "的", "🙂", "ab", "=", "\u0301"]) {
      const plain = unit.repeat(32_768 / unit.length);
      expect(tokenizer.decode(tokenizer.encode(plain))).toBe(plain);
    }
  });
});

/** Llama 2 and Yi as their publishers document them; the beginning of a turn in llava-hf/llava-v1.6-mistral-7b-hf. */
it("has the ids that the checkpoints were trained with", () => {
  expect(load("llama-2").encode("Hello world!")).toEqual([15043, 3186, 29991]);
  expect(load("llama-2").encode("\n")).toEqual([29871, 13]);
  expect(load("mistral").encode("[INST] ")).toEqual([733, 16289, 28793, 28705]);
  expect(load("yi-34b").control("<|im_start|>")).toBe(6);
  expect(load("yi-34b").control("<|im_end|>")).toBe(7);
  expect(load("yi-34b").encode("\n")).toEqual([144]);
});
