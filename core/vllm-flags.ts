/** How vLLM is started for a model of the registry on a kind of GPU. */
import { type EngineStart, type Gpu, MEMORY_SHARE, slotsFor } from "./engine-start.ts";
import type { Geometry, Model } from "./models.ts";
import { fail, ok, type Result } from "./result.ts";

/** As many tokens in one step as the longest context of the registry has. */
const WHOLE_PREFILL = ["--max-num-batched-tokens", "4096"];

/** The form in which each machine holds the weights. */
const FORMS: Readonly<Record<Gpu, readonly string[]>> = {
  h100: ["--dtype", "bfloat16", "--quantization", "fp8"],
  "2xa100": ["--dtype", "bfloat16", "--tensor-parallel-size", "2"],
  l40s: ["--dtype", "float16", "--quantization", "awq_marlin"],
  // A seeded request whose prefill is cut into steps ends vLLM's process on a CPU, whose generators have no offset
  // (vLLM 0.32, `gpu_model_runner.py`, `_bookkeeping_sync`): prefills are done whole.
  cpu: ["--dtype", "float32", "--enforce-eager", "--no-enable-chunked-prefill", ...WHOLE_PREFILL],
};

const STRUCTURED_OUTPUTS = { backend: "xgrammar", disable_any_whitespace: true };

/**
 * The start of a model from `weights`, a folder or a repository; fails with a sentence when the machine is too small.
 */
export function vllmStart(model: Model, gpu: Gpu, weights: string): Result<EngineStart, string> {
  const slots = slotsFor(model, gpu);
  if (slots < 1) return fail(`${model.id} and one request need more memory than ${gpu} has.`);
  return ok({
    module: "vllm.entrypoints.launchers.grpc_server",
    slots,
    env: {
      // Else a publisher of cache events listens on every interface, whatever --host says.
      SMG_VLLM_SERVICER_KV_EVENTS: "0",
      // The worker warms the engine itself.
      SMG_VLLM_SERVICER_WARMUP: "off",
      VLLM_NO_USAGE_STATS: "1",
      ...(gpu === "cpu" && {
        CUDA_VISIBLE_DEVICES: "",
        VLLM_TARGET_DEVICE: "cpu",
        VLLM_CPU_KVCACHE_SPACE: "1",
      }),
    },
    flags: [
      ...["--model", weights, "--served-model-name", model.id],
      ...FORMS[gpu],
      ...["--max-model-len", String(model.contextLength), "--max-num-seqs", String(slots)],
      ...(gpu === "cpu" ? [] : ["--gpu-memory-utilization", String(MEMORY_SHARE)]),
      ...["--limit-mm-per-prompt", JSON.stringify({ image: model.maxImages })],
      ...["--hf-overrides", JSON.stringify({ image_grid_pinpoints: enginePinpoints(model.geometry) })],
      // Lets the engine count a known image by itself, which is how the worker checks that both agree.
      ...["--mm-processor", "inprocess"],
      // More than a caller may ask for: what is ruled out takes places among them.
      ...["--max-logprobs", "-1"],
      // No fallback that takes other schemas; whitespace would be a way never to end.
      ...["--structured-outputs-config", JSON.stringify(STRUCTURED_OUTPUTS)],
      // The worker sends pixels; nothing may make the engine fetch.
      ...["--allowed-media-domains", "none.invalid"],
      ...["--seed", "0"],
    ],
  });
}

/** vLLM reads pinpoints as (height, width); the order of the list decides ties as the registry's does. */
function enginePinpoints({ pinpoints, pinpointOrder }: Geometry): number[][] {
  return pinpoints.map(([first, second]) => (pinpointOrder === "wh" ? [second, first] : [first, second]));
}
