/** What a deployment of the vision Worker uploads, as Wrangler itself counts it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const LIMIT_KB = 800;

it("is below 800 KB compressed, all codecs together", () => {
  const wrangler = join(
    dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
    "bin/wrangler.js",
  );
  const out = mkdtempSync(join(tmpdir(), "tessera-upload-"));
  try {
    const printed = execFileSync(
      process.execPath,
      [
        wrangler,
        "deploy",
        "--dry-run",
        "--outdir",
        out,
        "--config",
        join(import.meta.dirname, "wrangler.toml"),
      ],
      { encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: out } },
    );
    const size = Number(/gzip: ([\d.]+) KiB/.exec(printed)?.[1]);
    expect(size).toBeGreaterThan(0);
    expect(size * 1.024).toBeLessThan(LIMIT_KB);
  } finally {
    rmSync(out, { recursive: true });
  }
});
