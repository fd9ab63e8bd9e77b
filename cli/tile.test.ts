import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import golden from "../test/golden/golden.json" with { type: "json" };
import { run } from "./program.ts";

const image = (file: string) => join(import.meta.dirname, "../test/golden/images", file);
const MODEL = ["--model", "llava-v1.6-34b", "--json"];
let printed: string[] = [];

beforeEach(() => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => printed.push(line));
});
afterEach(() => vi.restoreAllMocks());

it("prints a line for each file, refused ones too, and ends with 1", async () => {
  const files = [image("j-1128x235.jpg"), image("x-bmp.bmp"), image("not-there.png")];
  expect(await run(["tile", ...files, ...MODEL, "--pinpoints", "original"])).toBe(1);
  const [tiled, refused, missing] = printed.map((line) => JSON.parse(line));
  const wanted = golden.images.find(({ file }) => file === "j-1128x235.jpg")?.exif_ignored?.original;
  expect(tiled).toEqual({
    file: files[0],
    width: 1128,
    height: 235,
    grid: [1008, 336],
    resized: [1008, 210],
    image_tokens: 1598,
    tiles: wanted?.tiles,
  });
  expect(refused.error.code).toBe("image_format_unsupported");
  expect(missing.error.code).toBe("file_unreadable");
});

it("takes the model's own rule by default", async () => {
  expect(await run(["tile", image("j-1128x235.jpg"), ...MODEL])).toBe(0);
  expect(JSON.parse(printed[0] ?? "").image_tokens).toBe(1744);
});

it.each([
  ["no files", MODEL],
  ["an unknown model", [image("j-gray.jpg"), "--model", "gpt"]],
  ["an unknown policy", [image("j-gray.jpg"), ...MODEL, "--policy", "none"]],
  ["an unknown option", [image("j-gray.jpg"), ...MODEL, "--fast"]],
])("is called wrongly with %s", async (_, argv) => {
  vi.spyOn(console, "error").mockReturnValue();
  expect(await run(["tile", ...argv])).toBe(2);
  expect(printed).toEqual([]);
});
