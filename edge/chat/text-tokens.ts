import type { Model } from "../../core/models.ts";
import { type Message, renderPrompt, type Segment } from "../../core/prompt.ts";
import { loadTokenizer, type Tokenizer, tokenizePrompt } from "../../core/tokenizer.ts";
import tinyTokenizer from "../../models/tessera-tiny/weights/tokenizer.json";

/** Tokens of a conversation's text, the template's control tokens included. */
export interface TextTokens {
  readonly tokens: number;
  /** False where this is an upper bound: no request uses more. */
  readonly exact: boolean;
}

let tiny: Tokenizer | undefined;

function tokenizerOf(model: Model): Tokenizer | undefined {
  if (model.tokenizer !== "tessera-tiny") return undefined;
  tiny ??= loadTokenizer(tinyTokenizer);
  return tiny;
}

export function countTextTokens(model: Model, messages: readonly Message[]): TextTokens {
  const segments = renderPrompt(model.template, messages);
  const tokenizer = tokenizerOf(model);
  return tokenizer
    ? { tokens: tokenizePrompt(segments, tokenizer).textTokens, exact: true }
    : { tokens: boundTextTokens(segments), exact: false };
}

/** Tokens of an answer's text, or of a piece of it. */
export function countOutputTokens(model: Model, text: string): number {
  const tokenizer = tokenizerOf(model);
  return tokenizer ? tokenizer.encode(text).length : Math.ceil(text.length / 4);
}

const encoder = new TextEncoder();

/**
 * The most tokens that a byte-fallback SentencePiece tokenizer can make: every token covers at least one byte, each
 * run of text may begin with one added space, and the prompt with one begin-of-sequence token.
 */
function boundTextTokens(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => {
    if ("image" in segment) return sum;
    return sum + ("control" in segment ? 1 : encoder.encode(segment.text).length + 1);
  }, 1);
}
