/**
 * The published protocol's package and the counting functions of the real SGLang, in a cache outside of the repository.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute, installOnce, installPython, toolCache } from "../helpers/tool-cache.ts";

const PACKAGES = ["smg-grpc-proto==0.4.28", "grpcio==1.85.1", "numpy==2.4.6"];
const SGLANG = "sglang==0.5.23";

const ENVIRONMENT = join(toolCache("sglang"), "python");
const PACKAGE = join(toolCache("sglang"), "package");

export const PYTHON = join(ENVIRONMENT, "bin/python");
/** A file of the real package, which is not installed: it can't be without CUDA. */
export const MM_UTILS = join(PACKAGE, "sglang/srt/multimodal/mm_utils.py");

/** Installs what is missing; fails loudly when it can't. */
export default function setup(): void {
  installPython(ENVIRONMENT, PACKAGES);
  installOnce(PACKAGE, SGLANG, () => {
    execute(PYTHON, ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", PACKAGE, SGLANG]);
    const [wheel = ""] = readdirSync(PACKAGE);
    execute(PYTHON, ["-m", "zipfile", "--extract", join(PACKAGE, wheel), PACKAGE]);
  });
  // The stand-in is what `import sglang` finds.
  const [version = ""] = readdirSync(join(ENVIRONMENT, "lib"));
  const packages = join(ENVIRONMENT, "lib", version, "site-packages");
  writeFileSync(join(packages, "stand-in.pth"), `${join(import.meta.dirname, "stand-in")}\n`);
}
