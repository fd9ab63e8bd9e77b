import fc from "fast-check";
import { describe, expect, it } from "vitest";
import file from "../models/tessera-tiny/weights/tokenizer.json" with { type: "json" };
import { TextStream } from "./text-stream.ts";
import { loadTokenizer, type Tokenizer } from "./tokenizer.ts";

const tokenizer = loadTokenizer(file);

/** One id per byte: the worst that byte fallback can do to a character. */
const bytewise: Tokenizer = {
  encode: (text) => [...new TextEncoder().encode(text)],
  control: () => undefined,
  bytes: (id) => Uint8Array.of(id),
  decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids)),
  size: 256,
  dropsFirstSpace: false,
};

/** Everything a stream shows for `text`, push by push, up to the first stop string. */
function shown(text: string, stops: readonly string[], by: Tokenizer): { parts: string[]; stopped: boolean } {
  const stream = new TextStream(by, stops);
  const parts: string[] = [];
  for (const id of by.encode(text)) {
    const { text: part, stopped } = stream.push(id);
    parts.push(part);
    if (stopped) return { parts, stopped };
  }
  parts.push(stream.end());
  return { parts, stopped: false };
}

/** A text cut before the stop string that is complete first; of those complete together, before the leftmost. */
function cut(text: string, stops: readonly string[]): string {
  for (let end = 1; end <= text.length; end += 1) {
    const starts = stops.map((stop) => text.slice(0, end).indexOf(stop)).filter((start) => start >= 0);
    if (starts.length > 0) return text.slice(0, Math.min(...starts));
  }
  return text;
}

describe("a text stream", () => {
  it("never splits a character, whatever the ids split", () => {
    const text = "图里有一只🐈‍⬛和 café";
    const { parts } = shown(text, [], bytewise);
    expect(parts.join("")).toBe(text);
    expect(parts.every((part) => part.isWellFormed() && !part.includes("\u{fffd}"))).toBe(true);
  });

  it("drops a character that the end cuts off", () => {
    const stream = new TextStream(bytewise, []);
    const bytes = bytewise.encode("a水").slice(0, -1);
    expect(bytes.map((id) => stream.push(id).text).join("") + stream.end()).toBe("a");
  });

  it("withholds what may become a stop string, and shows it once it cannot", () => {
    const stream = new TextStream(bytewise, ["###"]);
    const push = (text: string) => bytewise.encode(text).map((id) => stream.push(id).text);
    expect(push("a##b")).toEqual(["a", "", "", "##b"]);
    expect(push("#")).toEqual([""]);
    expect(stream.end()).toBe("#");
  });

  it("shows the text before a stop string and nothing of it", () => {
    expect(shown("Red.\nUSER: more", ["USER:"], tokenizer)).toMatchObject({ stopped: true });
    expect(shown("Red.\nUSER: more", ["USER:"], tokenizer).parts.join("")).toBe("Red.\n");
  });

  it("stops where a plain search would, for all texts and stop strings", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "水"), maxLength: 24 });
    const stops = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "水"), minLength: 1, maxLength: 5 }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(letters, stops, (text, list) => {
        const { parts, stopped } = shown(text, list, bytewise);
        expect(parts.join("")).toBe(cut(text, list));
        expect(stopped).toBe(list.some((stop) => text.includes(stop)));
      }),
      { numRuns: 1000 },
    );
  });
});
