import { execFileSync } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { run } from "./program.ts";

let printed: string[] = [];
let refused: string[] = [];
beforeEach(() => {
  printed = [];
  refused = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => printed.push(line));
  vi.spyOn(console, "error").mockImplementation((line: string) =>
    refused.push(stripVTControlCharacters(line)),
  );
});
afterEach(() => vi.restoreAllMocks());

const flags = (...argv: string[]) => run(["engine", "flags", ...argv]);

describe("tessera engine flags", () => {
  it("prints a command that a shell reads as the flags of the model", async () => {
    expect(await flags("llava-v1.6-34b", "h100", "--weights", "/data/it's here")).toBe(0);
    const read = execFileSync("sh", ["-c", `python3() { printf '%s\\n' "$@"; }; ${printed[0]}`], {
      encoding: "utf8",
    });
    const words = read.split("\n");
    expect(words[words.indexOf("--model") + 1]).toBe("/data/it's here");
    expect(words[words.indexOf("--quantization") + 1]).toBe("fp8");
    expect(JSON.parse(words[words.indexOf("--hf-overrides") + 1] ?? "")).toHaveProperty(
      "image_grid_pinpoints",
    );
  });

  it.each([
    [["llava-v1.6-34b"], 2, "missing required argument 'gpu'"],
    [["no-model", "h100"], 2, "'no-model' is no model"],
    [["llava-v1.6-34b", "tpu"], 2, "'tpu' is no gpu"],
    [["llava-v1.6-34b", "cpu"], 1, "tessera engine flags: "],
  ])("refuses %j", async (argv, code, message) => {
    expect(await flags(...argv)).toBe(code);
    expect(refused.join()).toContain(message);
    expect(printed).toEqual([]);
  });
});
