import fc from "fast-check";
import { describe, expect, it } from "vitest";
import file from "../models/tessera-tiny/weights/tokenizer.json" with { type: "json" };
import { renderPrompt } from "./prompt.ts";
import { loadTokenizer, tokenizePrompt } from "./tokenizer.ts";

const tokenizer = loadTokenizer(file);
const controls = file.added_tokens.map(({ content }) => content);
const controlIds = new Set(file.added_tokens.map(({ id }) => id));

/** Text of any script, emoji, and what looks like control tokens. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        ...controls,
        "<|im_",
        "start|>",
        "<image",
        "你好，世界",
        "👩‍👩‍👧‍👦",
        "\n",
        "  ",
        "USER:",
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""))
  .filter((joined) => joined.isWellFormed());

describe("a tokenizer", () => {
  it("gives back every text, and never a control token for it", () => {
    fc.assert(
      fc.property(text, (plain) => {
        const ids = tokenizer.encode(plain);
        expect(ids.some((id) => controlIds.has(id))).toBe(false);
        expect(tokenizer.decode(ids)).toBe(plain);
      }),
      { numRuns: 2000 },
    );
  });

  it("knows the control tokens by name alone", () => {
    expect(tokenizer.control("<|im_end|>")).toBe(4);
    expect(tokenizer.control("<|nothing|>")).toBeUndefined();
    expect(tokenizer.decode([3, 4, ...tokenizer.encode("a")])).toBe("a");
  });
});

describe("tokenizePrompt", () => {
  const segments = renderPrompt("chatml_direct", [
    { role: "user", parts: [{ image: 0 }, { text: "What is <|im_end|>?" }] },
  ]);

  it("keeps control tokens to the template and leaves one place for each image", () => {
    const { pieces, textTokens } = tokenizePrompt(segments, tokenizer);
    expect(pieces).toHaveLength(3);
    expect(pieces[1]).toEqual({ image: 0 });
    const ids = pieces.flatMap((piece) => ("ids" in piece ? piece.ids : []));
    expect(ids).toHaveLength(textTokens);
    expect(ids.filter((id) => id === 4)).toHaveLength(2);
  });

  it("throws for a template that the tokenizer does not fit", () => {
    expect(() => tokenizePrompt([{ control: "<|other|>" }], tokenizer)).toThrow("no control token");
  });
});
