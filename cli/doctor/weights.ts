/** The embedded model's weights: whether they are those that their manifest and the registry name. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { MODELS } from "../../core/models.ts";
import { type Check, type Environment, failure, ok } from "./check.ts";

const manifest = z.looseObject({ files: z.record(z.string(), z.string()) });
const ADVICE = "Restore the folder: git checkout -- models/tessera-tiny/weights, or copy it anew.";

/** Only of the embedded engine's weights a manifest is known. */
export async function checkWeights(env: Environment): Promise<Check[]> {
  if (env.TESSERA_ENGINE && env.TESSERA_ENGINE !== "embedded") return [];
  const folder =
    env.TESSERA_WEIGHTS || fileURLToPath(new URL("../../models/tessera-tiny/weights", import.meta.url));
  const bytes = await readFile(join(folder, "manifest.json")).catch(() => undefined);
  const parsed = manifest.safeParse(parseJson(bytes));
  if (!bytes || !parsed.success)
    return [failure("weights", `${folder} has no manifest.json that can be read`, ADVICE)];
  const sums = Object.entries(parsed.data.files);
  for (const [name, expected] of sums) {
    const found = await readFile(join(folder, name)).then(sha256, () => "no file");
    if (found !== expected) {
      return [failure("weights", `${name} is not what the manifest says (${found.slice(0, 12)})`, ADVICE)];
    }
  }
  const revision = MODELS.find(({ id }) => id === "tessera-tiny")?.revision;
  if (sha256(bytes).slice(0, revision?.length) !== revision) {
    return [failure("weights", `they are not the registry's revision ${revision}`, ADVICE)];
  }
  return [ok("weights", `${sums.length} files of tessera-tiny have the manifest's SHA-256`)];
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function parseJson(bytes: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
