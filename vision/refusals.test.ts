/** What is not decoded exactly is refused by name, before anything is decoded where its header says so. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { pngChunk, writePng } from "../test/properties/generate/png-file.ts";
import { GEOMETRY } from "../test/properties/geometry.ts";
import { DEFAULT_LIMITS, type ImageLimits } from "./limits.ts";
import { openNodeVision } from "./node.ts";

const vision = openNodeVision();
const golden = (file: string) =>
  new Uint8Array(readFileSync(join(import.meta.dirname, "../test/golden/images", file)));

async function refusal(bytes: Uint8Array, limits: ImageLimits = DEFAULT_LIMITS) {
  const prepared = await vision.prepare(bytes, GEOMETRY, "default", { limits });
  if (prepared.ok) throw new Error("The picture was prepared.");
  return prepared.error;
}

/** Where a JPEG's segment with this marker begins. */
function segmentAt(bytes: Uint8Array, marker: number): number {
  for (let at = 2; at < bytes.length; at += 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))) {
    if (bytes[at + 1] === marker) return at;
  }
  throw new Error(`There is no segment ${marker}.`);
}

function without(bytes: Uint8Array, marker: number): Uint8Array {
  const at = segmentAt(bytes, marker);
  const end = at + 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
  return joined(bytes.subarray(0, at), bytes.subarray(end));
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const ascii = (text: string) => new TextEncoder().encode(text);

describe("formats", () => {
  it.each([
    ["AVIF", joined(Uint8Array.of(0, 0, 0, 32), ascii("ftypavif"), new Uint8Array(40))],
    ["HEIC", joined(Uint8Array.of(0, 0, 0, 32), ascii("ftypheic"), new Uint8Array(40))],
    ["BMP", joined(ascii("BM"), new Uint8Array(60))],
    ["TIFF", joined(ascii("II*\0"), new Uint8Array(60))],
    ["ICO", joined(Uint8Array.of(0, 0, 1, 0), new Uint8Array(60))],
    ["SVG", ascii('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>')],
    ["PDF", ascii("%PDF-1.7")],
  ])("names %s", async (name, bytes) => {
    const { code, message } = await refusal(bytes);
    expect(code).toBe("image_format_unsupported");
    expect(message).toBe(`${name} is not supported. Send JPEG, PNG, WebP or GIF instead.`);
  });

  it("names nothing that it doesn't know", async () => {
    expect((await refusal(ascii("hello"))).message).toMatch(/^The bytes are no known image format/);
    expect((await refusal(new Uint8Array())).code).toBe("image_empty");
  });
});

describe("JPEG", () => {
  const jpeg = golden("j-nojfif.jpg");
  const frame = segmentAt(jpeg, 0xc0);

  it.each([
    ["Lossless JPEG", 0xc3],
    ["Hierarchical JPEG", 0xc5],
    ["Arithmetic-coded JPEG", 0xc9],
    ["Arithmetic-coded JPEG", 0xca],
    ["Hierarchical JPEG", 0xde],
  ])("names %s (%i)", async (name, marker) => {
    const { code, message } = await refusal(changed(jpeg, frame + 1, marker));
    expect(code).toBe("image_feature_unsupported");
    expect(message).toContain(name);
  });

  it("names 12-bit samples", async () => {
    expect((await refusal(changed(jpeg, frame + 4, 12))).message).toContain("12 bits a sample");
  });

  it("refuses a height of 0", async () => {
    const flat = changed(changed(jpeg, frame + 5, 0), frame + 6, 0);
    expect((await refusal(flat)).code).toBe("image_dimensions_invalid");
  });

  it("refuses a file without its quantisation tables", async () => {
    const error = await refusal(without(jpeg, 0xdb));
    expect(error).toEqual({
      code: "image_corrupt",
      message: "The file is damaged: a quantisation table is missing.",
    });
  });

  it("takes a file without Huffman tables, with the standard ones", async () => {
    let bare: Uint8Array = jpeg;
    for (let table = 0; table < 4; table++) bare = without(bare, 0xc4);
    expect(await vision.prepare(bare, GEOMETRY, "default")).toEqual(
      await vision.prepare(jpeg, GEOMETRY, "default"),
    );
  });

  it.each([
    ["its end marker", jpeg.subarray(0, -2)],
    [
      "half of its data, though it ends",
      joined(jpeg.subarray(0, jpeg.length >> 1), Uint8Array.of(0xff, 0xd9)),
    ],
    ["all of its data", joined(jpeg.subarray(0, segmentAt(jpeg, 0xda)), Uint8Array.of(0xff, 0xd9))],
  ])("refuses a file without %s", async (_, bytes) => {
    expect((await refusal(bytes)).code).toBe("image_truncated");
  });

  it("refuses a progressive file whose last scans are missing", async () => {
    const progressive = golden("j-2x1-prog.jpg");
    let scan = segmentAt(progressive, 0xda);
    for (let index = scan + 2; index + 1 < progressive.length; index++) {
      if (progressive[index] === 0xff && progressive[index + 1] === 0xda) scan = index;
    }
    const cut = joined(progressive.subarray(0, scan), Uint8Array.of(0xff, 0xd9));
    expect(await refusal(cut)).toEqual({
      code: "image_truncated",
      message: "The file is cut short: scans that refine the picture are missing.",
    });
  });
});

describe("PNG", () => {
  const png = golden("p-rgb8_n.png");

  it("refuses a wrong checksum before the image data", async () => {
    expect((await refusal(changed(png, 29, 1))).message).toContain("checksum");
  });

  it("refuses a depth that the colour type does not have", async () => {
    const file = writePng({
      width: 1,
      height: 1,
      depth: 4,
      colourType: 2,
      data: deflateSync(Uint8Array.of(0, 0)),
    });
    expect((await refusal(file)).message).toContain("colour type 2 has no depth 4");
  });

  it("inflates no more than the header declares", async () => {
    const bomb = deflateSync(new Uint8Array(1 << 26));
    const file = writePng({ width: 8, height: 8, depth: 8, colourType: 0, data: bomb });
    const prepared = await vision.prepare(file, GEOMETRY, "default");
    expect(prepared.ok).toBe(true);
  });

  it("refuses an unknown filter", async () => {
    const file = writePng({
      width: 1,
      height: 1,
      depth: 8,
      colourType: 0,
      data: deflateSync(Uint8Array.of(9, 0)),
    });
    expect((await refusal(file)).code).toBe("image_corrupt");
  });

  it("refuses a first frame that does not cover the animation", async () => {
    const control = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, ...new Array<number>(14).fill(0));
    const before = [pngChunk("acTL", [0, 0, 0, 1, 0, 0, 0, 0]), pngChunk("fcTL", control)];
    const file = writePng({
      width: 2,
      height: 2,
      depth: 8,
      colourType: 0,
      data: deflateSync(new Uint8Array(6)),
      before,
    });
    expect((await refusal(file)).message).toContain("does not cover");
  });
});

describe("GIF and WebP", () => {
  it.each([["g-plain.gif"], ["w-lossy.webp"], ["w-lossless-alpha.webp"]])(
    "refuses %s cut short",
    async (file) => {
      const bytes = golden(file);
      expect((await refusal(bytes.subarray(0, bytes.length >> 1))).code).toBe("image_truncated");
    },
  );
});

describe("limits", () => {
  it("says which limit and what the file has, before decoding", async () => {
    const jpeg = golden("j-gray.jpg");
    const limits = { ...DEFAULT_LIMITS, bytes: 1000 };
    expect(await refusal(jpeg, limits)).toEqual({
      code: "image_too_many_bytes",
      message: `The image has ${jpeg.length} bytes; the limit is 1000.`,
      limit: 1000,
      value: jpeg.length,
    });
    expect(vision.probe(jpeg, limits).ok).toBe(false);
  });

  it.each([
    ["jpeg", "j-gray.jpg"],
    ["png", "p-g1_n.png"],
    ["gif", "g-plain.gif"],
    ["webp", "w-lossy.webp"],
  ] as const)("counts the pixels of %s", async (format, file) => {
    const limits = { ...DEFAULT_LIMITS, pixels: { ...DEFAULT_LIMITS.pixels, [format]: 100 } };
    expect(await refusal(golden(file), limits)).toMatchObject({ code: "image_too_many_pixels", limit: 100 });
  });

  it("counts the pixels of interlaced PNG apart", async () => {
    const error = await refusal(golden("p-g8_i.png"), { ...DEFAULT_LIMITS, interlacedPixels: 100 });
    expect(error.message).toContain("interlaced PNG");
  });

  it("counts the pixels of WebP that libwebp decodes apart", async () => {
    const limits = { ...DEFAULT_LIMITS, libwebpPixels: 100 };
    expect((await refusal(golden("w-lossless.webp"), limits)).message).toContain("WebP that is lossless");
    expect((await vision.prepare(golden("w-lossy.webp"), GEOMETRY, "default", { limits })).ok).toBe(true);
  });

  it("counts frames", async () => {
    expect((await refusal(golden("g-anim.gif"), { ...DEFAULT_LIMITS, frames: 2 })).message).toContain(
      "3 frames",
    );
  });

  it("refuses a progressive picture that would need too many bands", async () => {
    const bands = { bytes: 20_000, heapBytes: 68_000_000, count: 2 };
    const error = await refusal(golden("j-2x2-prog.jpg"), { ...DEFAULT_LIMITS, bands });
    expect(error.code).toBe("image_too_many_pixels");
  });
});
