import { readFile } from "node:fs/promises";
import type { Model } from "../core/models.ts";
import { loadSentencePiece } from "../core/sentence-piece.ts";
import type { Tokenizer } from "../core/tokenizer.ts";

/**
 * The tokenizer with which the edge counts for a LLaVA checkpoint, whatever folder the engine has its weights in:
 * `validateFrame` makes the engine's prompt ids with it. Throws for a model whose tokenizer comes with its weights.
 */
export async function readVocabulary({ tokenizer }: Pick<Model, "tokenizer">): Promise<Tokenizer> {
  return loadSentencePiece(
    await readFile(new URL(`../models/tokenizers/${tokenizer}.vocabulary`, import.meta.url)),
  );
}
