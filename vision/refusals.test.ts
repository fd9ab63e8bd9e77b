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
  if (prepared.ok) throw new Error("The image was prepared.");
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
    const error = await refusal(flat);
    expect(error).toMatchObject({ code: "image_dimensions_invalid", limit: 65_535, value: 0 });
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
      message: "The file is cut short: scans that refine the image are missing.",
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

  it("refuses a side beyond all reason", async () => {
    const data = deflateSync(Uint8Array.of(0, 0));
    const file = writePng({ width: 2 ** 31 - 1, height: 1, depth: 1, colourType: 0, data });
    const error = await refusal(file);
    expect(error).toMatchObject({ code: "image_dimensions_invalid", limit: 65_535, value: 2 ** 31 - 1 });
    expect(error.message).toContain("1 to 65535");
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

describe("what a file says of itself", () => {
  const jpeg = golden("j-nojfif.jpg");
  const markup = ascii("<!doctype html><script>alert(1)</script>");

  it.each([
    ["PDF", joined(ascii("%PDF-1.7\n"), jpeg)],
    ["HTML", joined(markup, jpeg)],
    ["BMP", joined(ascii("BM"), golden("p-g1_n.png"))],
  ])("does not count when it is a %s file first", async (name, bytes) => {
    const { code, message } = await refusal(bytes);
    expect(code).toBe("image_format_unsupported");
    expect(message).toContain(name);
  });

  it.each([
    ["j-nojfif.jpg", markup],
    ["j-nojfif.jpg", ascii("PK\x03\x04 an archive")],
    ["p-rgb8_n.png", golden("j-nojfif.jpg")],
    ["g-plain.gif", markup],
  ])("ends where the image of %s does: what follows is never read", async (file, tail) => {
    const alone = await vision.prepare(golden(file), GEOMETRY, "default");
    expect(alone.ok).toBe(true);
    expect(await vision.prepare(joined(golden(file), tail), GEOMETRY, "default")).toEqual(alone);
  });
});

describe("bombs", () => {
  const short = (value: number) => Uint8Array.of(value & 255, value >> 8);
  const long = (value: number) => Uint8Array.of(...short(value & 0xffff), ...short(value >>> 16));
  /** A screen and a frame of this size, with next to no data. */
  const gif = (side: number, frames = 1) => {
    const size = joined(short(side), short(side));
    const frame = joined(Uint8Array.of(0x2c, 0, 0, 0, 0), size, Uint8Array.of(0, 2, 1, 0x44, 0));
    const parts = Array.from({ length: frames }, () => frame);
    return joined(ascii("GIF89a"), size, Uint8Array.of(0, 0, 0), ...parts, Uint8Array.of(0x3b));
  };
  const chunk = (name: string, body: Uint8Array) =>
    joined(ascii(name), long(body.length), body, new Uint8Array(body.length & 1));
  const webp = (...chunks: Uint8Array[]) => chunk("RIFF", joined(ascii("WEBP"), ...chunks));
  const lossy = (side: number) =>
    chunk("VP8 ", joined(Uint8Array.of(0x10, 0, 0, 0x9d, 1, 0x2a), short(side), short(side)));
  const lossless = (side: number) =>
    chunk("VP8L", joined(Uint8Array.of(0x2f), long(((side - 1) << 14) | (side - 1)), Uint8Array.of(0)));
  const animated = (frames: number) => {
    const place = new Uint8Array(16);
    const frame = chunk("ANMF", joined(place, lossy(1)));
    const extended = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    return webp(chunk("VP8X", extended), ...Array.from({ length: frames }, () => frame));
  };
  const png = (side: number, before: Uint8Array[] = []) =>
    writePng({
      width: side,
      height: side,
      depth: 1,
      colourType: 0,
      data: deflateSync(new Uint8Array(2)),
      before,
    });
  const frames = (count: number) => [pngChunk("acTL", [...long(count)].reverse().concat([0, 0, 0, 0]))];

  it.each([
    ["PNG", png(30_000), 100_000_000, 30_000 ** 2],
    ["GIF", gif(65_535), 25_000_000, 65_535 ** 2],
    ["lossy WebP", webp(lossy(16_383)), 100_000_000, 16_383 ** 2],
    ["lossless WebP", webp(lossless(16_383)), 8_000_000, 16_383 ** 2],
  ])("of %s are refused for the pixels that they declare", async (_, bytes, limit, value) => {
    expect(bytes.length).toBeLessThan(200);
    const error = await refusal(bytes);
    expect(error).toMatchObject({ code: "image_too_many_pixels", limit, value });
    expect(error.message).toContain(String(limit));
    expect(vision.probe(bytes)).toMatchObject({ ok: false, error });
  });

  it.each([
    ["PNG", png(1, frames(10_001)), 10_001],
    ["PNG", png(1, frames(2 ** 32 - 1)), 2 ** 32 - 1],
    ["GIF", gif(1, 10_001), 10_001],
    ["WebP", animated(10_001), 10_001],
  ])("of %s are refused for their frames", async (_, bytes, value) => {
    const error = await refusal(bytes);
    expect(error).toMatchObject({ code: "image_corrupt", limit: 10_000, value });
    expect(error.message).toContain(`${value} frames; the limit is 10000`);
  });

  it("of text beside a PNG are not unpacked", async () => {
    const packed = deflateSync(new Uint8Array(1 << 27));
    const text = pngChunk("zTXt", joined(ascii("Raw profile type exif\0\0"), packed));
    let heap = Number.NaN;
    const onHeap = (bytes: number) => {
      heap = bytes;
    };
    const file = writePng({
      width: 1,
      height: 1,
      depth: 8,
      colourType: 0,
      data: deflateSync(Uint8Array.of(0, 0)),
      before: [text],
    });
    expect((await vision.prepare(file, GEOMETRY, "default", { onHeap })).ok).toBe(true);
    expect(heap).toBeLessThan(4_000_000);
  });

  it("of JPEG are refused for their scans", async () => {
    const progressive = golden("j-gray-prog.jpg");
    const scan = progressive.subarray(segmentAt(progressive, 0xda), -2);
    const head = progressive.subarray(0, segmentAt(progressive, 0xda));
    const many = Array.from({ length: 101 }, () => scan);
    const error = await refusal(joined(head, ...many, Uint8Array.of(0xff, 0xd9)));
    expect(error).toMatchObject({ code: "image_corrupt", limit: 100, value: 101 });
  });
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

  it("refuses a progressive image that would need too many bands", async () => {
    const bands = { bytes: 20_000, heapBytes: 68_000_000, count: 2 };
    const error = await refusal(golden("j-2x2-prog.jpg"), { ...DEFAULT_LIMITS, bands });
    expect(error).toMatchObject({ code: "image_too_many_pixels", limit: 2 });
    expect(error.value).toBeGreaterThan(2);
  });
});
