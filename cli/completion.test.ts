import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { buildProgram, run } from "./program.ts";

let script = "";

beforeAll(async () => {
  const print = vi.spyOn(console, "log").mockImplementation((text: string) => {
    script = text;
  });
  expect(await run(["completion", "bash"])).toBe(0);
  print.mockRestore();
});

/** What a real bash offers where the line ends, as readline would ask for it. */
function offered(line: string): string[] {
  const ask = `
    COMP_LINE=$1; COMP_POINT=\${#1}; COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
    _tessera; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync("bash", ["--norc", "-c", `${script}\n${ask}`, "bash", line], {
    encoding: "utf8",
    cwd: join(import.meta.dirname, ".."),
  });
  return out.split("\n").filter((word) => word !== "");
}

describe("tessera completion bash", () => {
  it("offers every command, from the same tree that help is made of", () => {
    const names = buildProgram().commands.map((command) => command.name());
    expect(offered("tessera ")).toEqual(expect.arrayContaining(names));
    expect(offered("tessera pre")).toEqual(["preflight"]);
  });

  it.each([
    ["tessera keys r", ["rotate", "revoke"]],
    ["tessera keys create --bud", ["--budget", "--budget-day", "--budget-month"]],
    ["tessera ask --model tessera-", ["tessera-tiny"]],
    ["tessera ask hi --json --model llava-v1.6-m", ["llava-v1.6-mistral-7b"]],
    ["tessera keys create --scope keys", ["keys:write"]],
    ["tessera keys create --scope keys:w", ["write"]],
    ["tessera completion f", ["fish"]],
    ["tessera engine flags llava-v1.6-34b h", ["h100"]],
    ["tessera ask --url ", []],
    ["tessera ask READM", ["README.md"]],
    ["tessera jobs cancel ", ["--json", "--url", "--key", "--help"]],
    ["tessera doctor --m", ["--model"]],
  ])("offers after '%s'", (line, words) => {
    expect(offered(line)).toEqual(words);
  });

  it("offers every option of every command", () => {
    const visit = (command: ReturnType<typeof buildProgram>["commands"][number], path: string) => {
      const options = command.options.map(({ long }) => long);
      expect(offered(`${path} --`)).toEqual(expect.arrayContaining([...options, "--help"]));
      for (const each of command.commands) visit(each, `${path} ${each.name()}`);
    };
    for (const command of buildProgram().commands) visit(command, `tessera ${command.name()}`);
  });
});
