import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { CommandError, UsageError } from "./command.ts";
import { engineCommand } from "./engine.ts";

describe("tessera engine flags", () => {
  it("prints a command that a shell reads as the flags of the model", () => {
    const command = engineCommand(["flags", "llava-v1.6-34b", "h100", "--weights", "/data/it's here"]);
    const read = execFileSync("sh", ["-c", `python3() { printf '%s\\n' "$@"; }; ${command}`], {
      encoding: "utf8",
    });
    const words = read.split("\n");
    expect(words[words.indexOf("--model") + 1]).toBe("/data/it's here");
    expect(words[words.indexOf("--quantization") + 1]).toBe("fp8");
    expect(JSON.parse(words[words.indexOf("--hf-overrides") + 1] ?? "")).toHaveProperty(
      "image_grid_pinpoints",
    );
  });

  it("says what it was called wrongly with", () => {
    expect(() => engineCommand(["flags", "llava-v1.6-34b"])).toThrow(UsageError);
    expect(() => engineCommand(["flags", "no-model", "h100"])).toThrow("no-model");
    expect(() => engineCommand(["flags", "llava-v1.6-34b", "tpu"])).toThrow("tpu");
    expect(() => engineCommand(["flags", "llava-v1.6-34b", "cpu"])).toThrow(CommandError);
  });
});
