import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ERROR_KINDS } from "../../edge/errors.ts";

const TABLE = readFileSync(join(import.meta.dirname, "../../docs/errors.md"), "utf8");

/** Code, status and type of each row. */
function documented(): [string, number, string][] {
  return [...TABLE.matchAll(/^\| <a id="(\w+)"><\/a>`\1` *\| (\d{3}) *\| `(\w+)` *\| .+ \| .+ \|$/gm)].map(
    ([, code = "", status, type = ""]) => [code, Number(status), type],
  );
}

describe("docs/errors.md", () => {
  it("lists every code with its anchor, status and type, once and in order of the taxonomy", () => {
    const kinds = Object.entries(ERROR_KINDS).map(([code, { status, type }]) => [code, status, type]);
    expect(documented()).toEqual(kinds);
  });

  it("has no row that the test can't read", () => {
    const rows = TABLE.split("\n").filter((line) => line.includes("`") && line.startsWith("|"));
    expect(rows).toHaveLength(documented().length);
  });
});
