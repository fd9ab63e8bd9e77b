/** The published protocol's package and the counting functions of the real SGLang, in a cache outside of the repository. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tessera", "sglang");
const PACKAGES = ["smg-grpc-proto==0.4.28", "grpcio==1.85.1", "numpy==2.4.6"];
const SGLANG = "sglang==0.5.23";

export const PYTHON = join(CACHE, "python/bin/python");
/** A file of the real package, which is not installed: it can't be without CUDA. */
export const MM_UTILS = join(CACHE, "package/sglang/srt/multimodal/mm_utils.py");

/** Installs what is missing; fails loudly when it can't. */
export default function setup(): void {
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(PYTHON)) execute("python3", ["-m", "venv", join(CACHE, "python")]);
  execute(PYTHON, ["-m", "pip", "install", "--quiet", ...PACKAGES]);
  if (!existsSync(MM_UTILS)) {
    const wheels = join(CACHE, "wheels");
    execute(PYTHON, ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheels, SGLANG]);
    const [wheel = ""] = readdirSync(wheels);
    execute(PYTHON, ["-m", "zipfile", "--extract", join(wheels, wheel), join(CACHE, "package")]);
  }
  // The stand-in is what `import sglang` finds.
  const [version = ""] = readdirSync(join(CACHE, "python/lib"));
  const packages = join(CACHE, "python/lib", version, "site-packages");
  writeFileSync(join(packages, "stand-in.pth"), `${join(import.meta.dirname, "stand-in")}\n`);
}

function execute(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? ""}\n${stdout}${stderr}`);
}
