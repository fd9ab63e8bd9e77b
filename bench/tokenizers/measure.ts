/**
 * One vocabulary in a fresh process, as in a fresh isolate: `node --expose-gc measure.ts NAME`. Prints one line of
 * JSON.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadSentencePiece } from "../../core/sentence-piece.ts";
import { percentile, round } from "../statistics.ts";

/**
 * The longest text of a request, in characters; of letters, of one letter that merges best, of bytes without a piece.
 */
const TEXTS = {
  words: "The quick brown fox jumps over the lazy dog. ".repeat(730).slice(0, 32_768),
  one_letter: "a".repeat(32_768),
  no_pieces: "\u{1F9FF}".repeat(16_384),
};

const [name] = process.argv.slice(2);
const collect = globalThis.gc;
if (!name || !collect) throw new Error("Run it with --expose-gc and the name of a vocabulary.");

const timed = <Value>(work: () => Value): [Value, number] => {
  const begun = performance.now();
  const value = work();
  return [value, performance.now() - begun];
};
const bytesInUse = () => {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const before = bytesInUse();
const file = new Uint8Array(
  readFileSync(join(import.meta.dirname, `../../models/tokenizers/${name}.vocabulary`)),
);
const [tokenizer, loadMs] = timed(() => loadSentencePiece(file));
const memory = bytesInUse() - before;
const [, firstMs] = timed(() => tokenizer.encode("What is shown in this image?"));
const longest = Object.entries(TEXTS).map(([kind, text]) => {
  const samples = Array.from({ length: 9 }, () => timed(() => tokenizer.encode(text))[1]);
  return [`${kind}_ms`, { first: round(samples[0] ?? Number.NaN), p50: round(percentile(samples, 0.5)) }];
});
console.log(
  JSON.stringify({
    file_bytes: file.length,
    memory_bytes: memory,
    load_ms: round(loadMs),
    first_text_ms: round(firstMs),
    longest_text: Object.fromEntries(longest),
  }),
);
