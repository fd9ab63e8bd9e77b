import type { Model } from "../../core/models.ts";
import { loadSentencePiece } from "../../core/sentence-piece.ts";
import { loadTokenizer, type Tokenizer } from "../../core/tokenizer.ts";
import tinyTokenizer from "../../models/tessera-tiny/weights/tokenizer.json";

/** A vocabulary is a module of its own: an isolate reads those of the models that it is asked for. */
const LOAD: Record<Model["tokenizer"], () => Promise<Tokenizer>> = {
  "tessera-tiny": async () => loadTokenizer(tinyTokenizer),
  "llama-2": async () => sentencePiece(await import("../../models/tokenizers/llama-2.vocabulary")),
  mistral: async () => sentencePiece(await import("../../models/tokenizers/mistral.vocabulary")),
  "yi-34b": async () => sentencePiece(await import("../../models/tokenizers/yi-34b.vocabulary")),
};

function sentencePiece(module: { readonly default: ArrayBuffer }): Tokenizer {
  return loadSentencePiece(new Uint8Array(module.default));
}

const loaded = new Map<Model["tokenizer"], Tokenizer>();

/** The model's tokenizer, kept for the isolate's life. */
export async function tokenizerOf({ tokenizer: name }: Model): Promise<Tokenizer> {
  const known = loaded.get(name);
  if (known) return known;
  const tokenizer = await LOAD[name]();
  loaded.set(name, tokenizer);
  return tokenizer;
}
