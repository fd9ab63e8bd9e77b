/** Unmodified Python clients against the running product: each test of the `test_*.py` here is one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "vitest";
import { z } from "zod";
import { pictureOrigin, sharedProduct } from "../helpers/shared.ts";
import { PYTHON } from "./tools.ts";

const outcome = z.object({ file: z.string(), name: z.string(), failure: z.string().nullable() });
type Outcome = z.infer<typeof outcome>;

/** What became of each test. Throws when pytest could not run them all. */
async function runPytest(): Promise<Outcome[]> {
  const folder = mkdtempSync(join(tmpdir(), "tessera-clients-"));
  const report = join(folder, "outcomes.jsonl");
  try {
    const options = ["-p", "no:cacheprovider", "--tb=short", "--outcomes", report];
    const pytest = spawn(PYTHON, ["-m", "pytest", ...options, import.meta.dirname], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        PYTHONDONTWRITEBYTECODE: "1",
        TESSERA_URL: sharedProduct().url,
        TESSERA_ADMIN_KEY: sharedProduct().adminKey,
        TESSERA_PICTURES: pictureOrigin(),
        // Otherwise LiteLLM fetches its list of other makers' prices.
        LITELLM_LOCAL_MODEL_COST_MAP: "True",
      },
    });
    const [said] = await Promise.all([text(pytest.stdout), once(pytest, "close")]);
    // 1: all ran, and some failed.
    if ((pytest.exitCode !== 0 && pytest.exitCode !== 1) || !existsSync(report))
      throw new Error(`pytest ended with ${pytest.exitCode ?? pytest.signalCode}:\n${said}`);
    return readFileSync(report, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => outcome.parse(JSON.parse(line)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [file, tests] of Map.groupBy(await runPytest(), (each) => each.file)) {
  describe(file, () => {
    for (const { name, failure } of tests) {
      it(name, () => {
        if (failure !== null) throw new Error(failure);
      });
    }
  });
}
