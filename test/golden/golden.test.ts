/** Law 1: the tiles of every golden picture are the reference's, byte for byte, or the picture is refused by name. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type PinpointRule, tile } from "../../cli/tile.ts";
import golden from "./golden.json" with { type: "json" };

type Picture = (typeof golden.images)[number];

/** The files whose format Tessera names and refuses. */
const UNSUPPORTED = ["a-420.avif", "a-alpha.avif"];

const pathOf = ({ file }: Picture) => fileURLToPath(new URL(`images/${file}`, import.meta.url));

/** A policy's expected results; `"same…"` names the policy that they equal. */
function expected(picture: Picture, policy: "default" | "reference") {
  const { exif_ignored: ignored, exif_applied: applied, default: product } = picture;
  const found = policy === "reference" ? ignored : product === "same as exif_applied" ? applied : product;
  return typeof found === "string" ? ignored : found;
}

async function report(picture: Picture, policy: "default" | "reference", pinpoints: PinpointRule) {
  for await (const line of tile([pathOf(picture)], { model: "llava-v1.6-34b", policy, pinpoints })) return line;
  throw new Error("A file has no report.");
}

const supported = golden.images.filter(({ file, expect }) => expect === "tiles" && !UNSUPPORTED.includes(file));

describe.each(["original", "hf"] as const)("pinpoints as in %s", (pinpoints) => {
  it.each(["reference", "default"] as const)("tiles every picture exactly, policy %s", async (policy) => {
    let equal = 0;
    for (const picture of supported) {
      const wanted = expected(picture, policy);
      if (!wanted) throw new Error(`${picture.file} has no expected tiles.`);
      const rule = wanted[pinpoints];
      expect.soft(await report(picture, policy, pinpoints), picture.file).toEqual({
        file: pathOf(picture),
        width: wanted.width,
        height: wanted.height,
        grid: rule.grid,
        resized: rule.resized,
        image_tokens: rule.tokens,
        tiles: rule.tiles,
      });
      equal++;
    }
    expect(equal).toBe(74);
  });
});

it("refuses every other file by name", async () => {
  const codes: Record<string, string> = {};
  for (const picture of golden.images.filter((one) => !supported.includes(one))) {
    const line = await report(picture, "default", "model");
    codes[picture.file] = "error" in line ? line.error.code : "tiled";
  }
  expect(codes).toEqual({
    "a-420.avif": "image_format_unsupported",
    "a-alpha.avif": "image_format_unsupported",
    "x-bmp.bmp": "image_format_unsupported",
    "x-bomb.png": "image_too_many_pixels",
    "x-empty.png": "image_empty",
    "x-huge-sof.jpg": "image_too_many_pixels",
    "x-text.jpg": "image_format_unsupported",
    "x-trunc-prog.jpg": "image_truncated",
    "x-trunc.jpg": "image_truncated",
    "x-trunc.png": "image_truncated",
  });
});
