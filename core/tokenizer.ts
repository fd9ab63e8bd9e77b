/**
 * What turns text into token ids and back. The edge counts with it before it bills and a GPU worker encodes with it, so
 * both see the same tokens. tessera-tiny's comes from its `tokenizer.json`, the LLaVA checkpoints' from
 * `core/sentence-piece.ts`.
 */
import { Tokenizer as Encoder } from "@huggingface/tokenizers";
import { z } from "zod";
import type { Segment } from "./prompt.ts";

export interface Tokenizer {
  /**
   * The ids of plain text. Text that looks like a control token stays text, whoever wrote it. `continued` text goes on
   * from the token before it: no space is put before it (SentencePiece).
   */
  encode(text: string, options?: { readonly continued?: boolean }): number[];
  /** Every id of the vocabulary is below it. */
  readonly size: number;
  /** The id of a control token such as `<|im_end|>`, or undefined. */
  control(name: string): number | undefined;
  /** The bytes that an id stands for; none for a control token or an unknown id. A character may be split over ids. */
  bytes(id: number): Uint8Array;
  /** The text of ids. Bytes that are not valid UTF-8 become U+FFFD. */
  decode(ids: readonly number[]): string;
  /** Whether the first space of a decoded text belongs to the encoding and not to the text (SentencePiece). */
  readonly dropsFirstSpace: boolean;
}

const tokenizerFile = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.int().min(0), content: z.string() })),
  model: z.looseObject({ vocab: z.record(z.string(), z.int().min(0)) }),
  decoder: z.looseObject({ type: z.literal("ByteLevel") }),
});

/** The tokenizer of a parsed byte-level `tokenizer.json`. Throws when the file is not one. */
export function loadTokenizer(json: unknown): Tokenizer {
  const file = tokenizerFile.parse(json);
  // Without added tokens the encoder knows no control tokens: that is what keeps user text plain.
  const encoder = new Encoder({ ...file, added_tokens: [] }, {});
  const controls = new Map(file.added_tokens.map(({ content, id }) => [content, id]));
  const controlIds = new Set(controls.values());
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(file.model.vocab)) tokens[id] = token;

  const tokenizer: Tokenizer = {
    encode: (text) => (text === "" ? [] : encoder.encode(text, { add_special_tokens: false }).ids),
    size: Math.max(tokens.length, ...[...controlIds].map((id) => id + 1)),
    control: (name) => controls.get(name) ?? file.model.vocab[name],
    bytes: (id) => (controlIds.has(id) ? new Uint8Array() : byteLevelBytes(tokens[id] ?? "")),
    decode: (ids) =>
      new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(
        Uint8Array.from(ids.flatMap((id) => [...tokenizer.bytes(id)])),
      ),
    dropsFirstSpace: false,
  };
  return tokenizer;
}

/** GPT-2's map from printable characters back to bytes (openai/gpt-2 `src/encoder.py`, `bytes_to_unicode`). */
const BYTE_OF_CHARACTER = new Map<string, number>();
for (let byte = 0, shifted = 256; byte < 256; byte += 1) {
  const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  BYTE_OF_CHARACTER.set(String.fromCodePoint(printable ? byte : shifted++), byte);
}

function byteLevelBytes(token: string): Uint8Array {
  return Uint8Array.from(token, (character) => BYTE_OF_CHARACTER.get(character) ?? 0);
}

/** A piece of a prompt as an engine takes it: token ids, or all the tokens of one image. */
export type PromptPiece = { readonly ids: readonly number[] } | { readonly image: number };

export interface TokenizedPrompt {
  readonly pieces: readonly PromptPiece[];
  /** Control tokens included, image tokens not. */
  readonly textTokens: number;
}

/**
 * The tokens of a rendered prompt: what the edge counts and every engine is given, `tokenizePrompt(renderPrompt(
 * model.template, messages), tokenizer)`. An engine that takes one list of ids puts the model's `imageToken` in the
 * place of an image piece, once or as often as the image has tokens. Throws when the template names a control token
 * that the tokenizer lacks.
 */
export function tokenizePrompt(segments: readonly Segment[], tokenizer: Tokenizer): TokenizedPrompt {
  const pieces: PromptPiece[] = [];
  let ids: number[] = [];
  let textTokens = 0;
  const flush = () => {
    if (ids.length > 0) pieces.push({ ids });
    textTokens += ids.length;
    ids = [];
  };
  for (const segment of segments) {
    if ("image" in segment) {
      flush();
      pieces.push(segment);
    } else if ("control" in segment) {
      const id = tokenizer.control(segment.control);
      if (id === undefined) throw new Error(`The tokenizer has no control token ${segment.control}.`);
      ids.push(id);
    } else {
      // One by one: copying all of them for each segment would take minutes for a conversation of thousands of turns.
      for (const id of tokenizer.encode(segment.text, { continued: segment.continued === true }))
        ids.push(id);
    }
  }
  flush();
  return { pieces, textTokens };
}
