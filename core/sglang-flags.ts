/** How SGLang is started for a model of the registry on a kind of GPU. */
import { type EngineStart, type Gpu, slotsFor } from "./engine-start.ts";
import type { Model } from "./models.ts";
import { fail, ok, type Result } from "./result.ts";

/** The authors' checkpoints exist in 16 bits only, so a smaller form has to be made at start; SGLang needs a GPU. */
const FLAGS: Readonly<Partial<Record<Gpu, readonly string[]>>> = {
  h100: ["--dtype", "float16", "--quantization", "fp8"],
  "2xa100": ["--dtype", "float16", "--tp-size", "2"],
};

/** The start of a model from `weights`, a folder or a repository; fails with a sentence where it can't run. */
export function sglangStart(model: Model, gpu: Gpu, weights: string): Result<EngineStart, string> {
  const flags = FLAGS[gpu];
  const slots = slotsFor(model, gpu);
  if (!flags || slots < 1) return fail(`${model.id} can't be served by SGLang on ${gpu}.`);
  return ok({
    module: "sglang_servicer",
    // Else logprobs are those after temperature and top_p.
    env: { SGLANG_RETURN_ORIGINAL_LOGPROB: "1" },
    slots,
    flags: [
      ...["--model-path", weights, "--served-model-name", model.id],
      ...flags,
      ...["--context-length", String(model.contextLength), "--max-running-requests", String(slots)],
      ...["--mem-fraction-static", "0.88"],
      // The worker detokenizes; each step brings the tokens since the last.
      ...["--skip-tokenizer-init", "--incremental-streaming-output"],
      // The authors' configuration leaves the image token to the tokenizer.
      ...["--json-model-override-args", JSON.stringify({ image_token_index: model.imageToken })],
      ...["--random-seed", "0"],
    ],
  });
}
