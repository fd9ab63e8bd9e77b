/**
 * SentencePiece's BPE over a compact vocabulary: the tokenizers of the LLaVA checkpoints
 * (google/sentencepiece `src/bpe_model.cc`; files and sources in `models/tokenizers/`).
 *
 * A vocabulary file, little-endian:
 *
 *   bytes 0–3   number of tokens, unsigned 32-bit
 *   byte 4      1 where a space goes before every text, 0 where none does
 *   kinds       one byte a token: 0 piece, 1 piece of the lowest score, 2 byte, 3 control
 *   lengths     one byte a token: the bytes of its contents
 *   contents    one token after the other: UTF-8 with plain spaces, the byte itself, or a control token's name
 *
 * A piece's id is its rank: of two merges, the one that makes the lower id goes first, and runs of spaces in Llama's
 * vocabulary (kind 1) go last, whichever of them is further left first.
 */
import type { Tokenizer } from "./tokenizer.ts";

const HEADER_BYTES = 5;
const LAST_PIECE = 1;
const BYTE = 2;
const CONTROL = 3;

/** SentencePiece's stand-in for a space; in a text it is one. */
const SPACE_MARK = /\u2581/g;

/** The tokenizer of a vocabulary file. `file` stays in use; tables of 0.5 to 1 MB come beside it. */
export function loadSentencePiece(file: Uint8Array): Tokenizer {
  const vocabulary = new Vocabulary(file);
  const utf8 = new TextEncoder();
  const tokenizer: Tokenizer = {
    encode(text, { continued = false } = {}) {
      if (text === "") return [];
      const spaced = text.replace(SPACE_MARK, " ");
      return merge(utf8.encode(vocabulary.spaceFirst && !continued ? ` ${spaced}` : spaced), vocabulary);
    },
    size: vocabulary.size,
    control: (name) => vocabulary.controls.get(name),
    bytes: (id) => vocabulary.bytes(id),
    decode(ids) {
      const bytes = Uint8Array.from(ids.flatMap((id) => [...vocabulary.bytes(id)]));
      const text = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes);
      return vocabulary.spaceFirst ? text.replace(/^ /, "") : text;
    },
    dropsFirstSpace: vocabulary.spaceFirst,
  };
  return tokenizer;
}

class Vocabulary {
  readonly spaceFirst: boolean;
  readonly controls = new Map<string, number>();
  readonly size: number;
  readonly #kinds: Uint8Array;
  readonly #contents: Uint8Array;
  /** Where each token's contents begin; one entry more than tokens. */
  readonly #starts: Uint32Array;
  readonly #longest: number;
  /** Open addressing: an entry is a piece's id + 1, or 0. */
  readonly #table: Int32Array;
  readonly #byteIds = new Int32Array(256);

  constructor(file: Uint8Array) {
    this.size = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
    this.spaceFirst = file[4] === 1;
    this.#kinds = file.subarray(HEADER_BYTES, HEADER_BYTES + this.size);
    const lengths = file.subarray(HEADER_BYTES + this.size, HEADER_BYTES + 2 * this.size);
    this.#contents = file.subarray(HEADER_BYTES + 2 * this.size);
    this.#longest = lengths.reduce((longest, length) => Math.max(longest, length), 0);
    this.#starts = new Uint32Array(this.size + 1);
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(2 * this.size)));
    for (let id = 0; id < this.size; id += 1) {
      const start = this.#starts[id]!;
      const end = start + lengths[id]!;
      this.#starts[id + 1] = end;
      if (this.#kinds[id] === CONTROL) {
        this.controls.set(new TextDecoder().decode(this.#contents.subarray(start, end)), id);
      } else if (this.#kinds[id] === BYTE) {
        this.#byteIds[this.#contents[start]!] = id;
      } else {
        this.#table[this.#slot(this.#contents, start, end)] = id + 1;
      }
    }
  }

  /** The id of the piece that is `bytes` from `start` to `end`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return end - start > this.#longest ? -1 : this.#table[this.#slot(bytes, start, end)]! - 1;
  }

  /** Lower goes first. */
  rank(id: number): number {
    return this.#kinds[id] === LAST_PIECE ? this.size : id;
  }

  byteId(byte: number): number {
    return this.#byteIds[byte]!;
  }

  /** What an id stands for; nothing for a control token or an unknown id. */
  bytes(id: number): Uint8Array {
    if (!(id >= 0 && id < this.size) || this.#kinds[id] === CONTROL) return new Uint8Array();
    return this.#contents.subarray(this.#starts[id], this.#starts[id + 1]);
  }

  /** The place of these bytes in the table: where they are, or the free one where they belong. */
  #slot(bytes: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5; // FNV-1a
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const mask = this.#table.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const id = this.#table[slot]! - 1;
      if (id < 0 || this.#equals(id, bytes, start, end)) return slot;
    }
  }

  #equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[id]!;
    if (this.#starts[id + 1]! - from !== end - start) return false;
    for (let at = start; at < end; at += 1) {
      if (this.#contents[from + at - start] !== bytes[at]) return false;
    }
    return true;
  }
}

/** Texts of more characters would not fit into a merge's key; no request comes near. */
const MOST_SYMBOLS = 2 ** 24;

/**
 * The ids of a text: its characters, of which the best neighbours become one until no two are a piece. Possible merges
 * wait in a heap, so that a text of n characters takes n·log n steps whatever it says.
 */
function merge(text: Uint8Array, vocabulary: Vocabulary): number[] {
  const starts = characterStarts(text);
  const count = starts.length - 1;
  if (count >= MOST_SYMBOLS) throw new RangeError("The text is too long to be encoded.");
  // A symbol keeps the number of its first character; `next` leads to its right neighbour, and at last to `count`.
  const next = Int32Array.from({ length: count }, (_, symbol) => symbol + 1);
  const previous = Int32Array.from({ length: count }, (_, symbol) => symbol - 1);
  const merged = new Uint8Array(count);
  const merges = new Heap(3 * count);

  const offer = (left: number) => {
    const right = left < 0 ? count : next[left]!;
    if (right >= count) return;
    const start = starts[left]!;
    const end = starts[next[right]!]!;
    const id = vocabulary.find(text, start, end);
    // One number orders merges and says which two symbols they join: rank, then place, then the length in bytes.
    if (id >= 0) merges.push((vocabulary.rank(id) * MOST_SYMBOLS + left) * 256 + (end - start));
  };
  for (let symbol = 0; symbol < count; symbol += 1) offer(symbol);
  for (let key = merges.pop(); key !== undefined; key = merges.pop()) {
    const length = key % 256;
    const left = Math.floor(key / 256) % MOST_SYMBOLS;
    const right = next[left]!;
    // Merges made since may have taken one of the two.
    if (merged[left] || right >= count || starts[next[right]!]! - starts[left]! !== length) continue;
    const after = next[right]!;
    merged[right] = 1;
    next[left] = after;
    if (after < count) previous[after] = left;
    offer(previous[left]!);
    offer(left);
  }

  const ids: number[] = [];
  for (let symbol = 0; symbol < count; symbol = next[symbol]!) {
    const start = starts[symbol]!;
    const end = starts[next[symbol]!]!;
    const id = vocabulary.find(text, start, end);
    if (id >= 0) ids.push(id);
    else for (let at = start; at < end; at += 1) ids.push(vocabulary.byteId(text[at]!));
  }
  return ids;
}

/** Where each character of UTF-8 text begins, and where the last ends. */
function characterStarts(text: Uint8Array): Int32Array {
  const starts = new Int32Array(text.length + 1);
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    if ((text[at]! & 0xc0) !== 0x80) starts[count++] = at;
  }
  starts[count] = text.length;
  return starts.subarray(0, count + 1);
}

/** A binary heap of numbers, the least first. */
class Heap {
  readonly #values: Float64Array;
  #size = 0;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  push(value: number): void {
    const values = this.#values;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (values[parent]! <= value) break;
      values[at] = values[parent]!;
      at = parent;
    }
    values[at] = value;
  }

  pop(): number | undefined {
    if (this.#size === 0) return undefined;
    const values = this.#values;
    const least = values[0];
    const value = values[--this.#size]!;
    let at = 0;
    for (let child = 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && values[child + 1]! < values[child]!) child += 1;
      if (values[child]! >= value) break;
      values[at] = values[child]!;
      at = child;
    }
    values[at] = value;
    return least;
  }
}
