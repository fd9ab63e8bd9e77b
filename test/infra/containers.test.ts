/** The container files, as far as they can be checked without building an image. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "./tools.ts";

const FOLDER = join(import.meta.dirname, "../../infra/docker");
const files = readdirSync(FOLDER).filter((name) => name.startsWith("Dockerfile."));

describe.each(files)("%s", (name) => {
  const file = join(FOLDER, name);
  const text = readFileSync(file, "utf8");

  it("is clean for hadolint", () => {
    expect(run("hadolint", file)).toBe("");
  });

  it("takes every base by its digest, or leaves it to the builder without a default", () => {
    const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base ?? "");
    for (const base of bases) {
      const argument = /^\$\{(\w+)\}$/.exec(base)?.[1];
      if (argument) expect(text).toMatch(new RegExp(`^ARG ${argument}$`, "m"));
      else expect(base).toMatch(/@sha256:[0-9a-f]{64}$/);
    }
  });

  it("runs as a user of its own and says how it is", () => {
    expect(text).toMatch(/^USER \d+:\d+$/m);
    expect(text).toMatch(/^HEALTHCHECK /m);
  });
});
