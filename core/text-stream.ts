import type { Tokenizer } from "./tokenizer.ts";

/**
 * Turns decoded ids into text that may be shown at once: only whole UTF-8 characters, and never a part of a stop
 * string. Text that could be the beginning of one is withheld until that is decided.
 */
export class TextStream {
  readonly #tokenizer: Tokenizer;
  readonly #stops: readonly string[];
  readonly #decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  #withheld = "";
  #atStart: boolean;

  constructor(tokenizer: Tokenizer, stops: readonly string[]) {
    this.#tokenizer = tokenizer;
    this.#stops = stops;
    this.#atStart = tokenizer.dropsFirstSpace;
  }

  /** The text that an id makes ready, and whether a stop string has appeared; after that nothing may be pushed. */
  push(id: number): { readonly text: string; readonly stopped: boolean } {
    let decoded = this.#decoder.decode(this.#tokenizer.bytes(id), { stream: true });
    if (this.#atStart && decoded !== "") {
      decoded = decoded.replace(/^ /, "");
      this.#atStart = false;
    }
    const text = this.#withheld + decoded;
    const stop = firstIndex(text, this.#stops);
    if (stop !== undefined) {
      this.#withheld = "";
      return { text: text.slice(0, stop), stopped: true };
    }
    const ready = text.length - openSuffix(text, this.#stops);
    this.#withheld = text.slice(ready);
    return { text: text.slice(0, ready), stopped: false };
  }

  /** The withheld text, once no more ids follow. Bytes of an unfinished character are dropped. */
  end(): string {
    const text = this.#withheld;
    this.#withheld = "";
    return text;
  }
}

function firstIndex(text: string, stops: readonly string[]): number | undefined {
  const found = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
  return found.length > 0 ? Math.min(...found) : undefined;
}

/** Length of the longest end of `text` that begins one of the stop strings. */
function openSuffix(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
