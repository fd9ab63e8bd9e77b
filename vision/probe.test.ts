import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import golden from "../test/golden/golden.json" with { type: "json" };
import { exifBlock } from "../test/properties/generate/exif.ts";
import { pngChunk, writePng } from "../test/properties/generate/png-file.ts";
import { openNodeVision } from "./node.ts";

const vision = openNodeVision();

function orientationOf(bytes: Uint8Array): number {
  const probe = vision.probe(bytes);
  if (!probe.ok) throw new Error(probe.error.message);
  return probe.value.orientation;
}

it("says what every golden image's header does", () => {
  const formats: Record<string, string> = { MPO: "jpeg" };
  for (const image of golden.images.filter(({ expect, format }) => expect === "tiles" && format !== "AVIF")) {
    const bytes = readFileSync(join(import.meta.dirname, "../test/golden/images", image.file));
    const format = formats[image.format ?? ""] ?? image.format?.toLowerCase();
    expect.soft(vision.probe(bytes), image.file).toEqual({
      ok: true,
      value: {
        format,
        width: image.exif_ignored?.width,
        height: image.exif_ignored?.height,
        orientation: image.orientation,
        // Of a file of several JPEGs only the first is an image to us.
        frames: image.format === "MPO" ? 1 : image.frames,
        hasAlpha: image.alpha === "dropped",
      },
    });
  }
});

describe("orientation in PNG", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const xmp = (value: number) => text(`<x:xmpmeta tiff:Orientation="${value}"/>`);
  const file = (before: readonly Uint8Array[], after: readonly Uint8Array[] = []) =>
    writePng({
      width: 1,
      height: 1,
      depth: 8,
      colourType: 0,
      data: deflateSync(Uint8Array.of(0, 0)),
      before,
      after,
    });
  const international = (body: Uint8Array, compressed: boolean) =>
    pngChunk(
      "iTXt",
      Buffer.concat([text("XML:com.adobe.xmp\0"), Uint8Array.of(Number(compressed), 0, 0, 0), body]),
    );
  const hex = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");

  it.each([
    ["EXIF", file([pngChunk("eXIf", exifBlock(6, false))]), 6],
    ["EXIF after the image data", file([], [pngChunk("eXIf", exifBlock(8, true))]), 8],
    ["EXIF rather than XMP", file([pngChunk("eXIf", exifBlock(3, true)), international(xmp(5), false)]), 3],
    ["XMP", file([international(xmp(5), false)]), 5],
    ["compressed XMP", file([international(deflateSync(xmp(7)), true)]), 7],
    [
      "ImageMagick's profile",
      file([
        pngChunk(
          "zTXt",
          Buffer.concat([
            text("Raw profile type exif\0\0"),
            deflateSync(text(`\nexif\n 40\n${hex([...text("Exif\0\0"), ...exifBlock(2, true)])}\n`)),
          ]),
        ),
      ]),
      2,
    ],
    ["a value that does not exist", file([pngChunk("eXIf", exifBlock(9, true))]), 1],
    ["a block that is no TIFF", file([pngChunk("eXIf", [1, 2, 3, 4, 5, 6, 7, 8])]), 1],
    ["nothing", file([]), 1],
  ])("is read from %s", (_, bytes, orientation) => {
    expect(orientationOf(bytes)).toBe(orientation);
  });
});

it("reads XMP orientation in JPEG", () => {
  const jpeg = readFileSync(join(import.meta.dirname, "../test/golden/images/j-nojfif.jpg"));
  const packet = new TextEncoder().encode(
    "http://ns.adobe.com/xap/1.0/\0<tiff:Orientation>8</tiff:Orientation>",
  );
  const segment = Uint8Array.of(0xff, 0xe1, 0, packet.length + 2, ...packet);
  const bytes = new Uint8Array(Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]));
  expect(orientationOf(bytes)).toBe(8);
});
