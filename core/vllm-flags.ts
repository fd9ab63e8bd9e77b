/** How vLLM is started for a model of the registry on a kind of GPU: the flags, and how many requests it decodes at once. */
import type { Geometry, Model } from "./models.ts";
import { fail, ok, type Result } from "./result.ts";

/** Kinds of machines that flags are known for. `cpu` is for tests with tessera-tiny. */
export const GPUS = ["h100", "2xa100", "l40s", "cpu"] as const;
export type Gpu = (typeof GPUS)[number];

interface Machine {
  /** Memory of all its GPUs together, in bytes. */
  readonly memory: number;
  /** Bytes that a parameter takes there, what the form leaves in 16 bits included. */
  readonly bytesPerParameter: number;
  /** Bytes of a key or value. */
  readonly bytesPerCacheValue: number;
  readonly flags: readonly string[];
}

const MIB = 2 ** 20;

/** As many tokens in one step as the longest context of the registry has. */
const WHOLE_PREFILL = ["--max-num-batched-tokens", "4096"];

/** The 34B model's weights take 69.5 GB in bf16: FP8 leaves an H100 room to batch, and only AWQ fits 48 GB. */
const MACHINES: Readonly<Record<Gpu, Machine>> = {
  h100: {
    memory: 81_559 * MIB,
    bytesPerParameter: 1.02,
    bytesPerCacheValue: 2,
    flags: ["--dtype", "bfloat16", "--quantization", "fp8"],
  },
  "2xa100": {
    memory: 2 * 40_960 * MIB,
    bytesPerParameter: 2,
    bytesPerCacheValue: 2,
    flags: ["--dtype", "bfloat16", "--tensor-parallel-size", "2"],
  },
  l40s: {
    memory: 46_068 * MIB,
    bytesPerParameter: 0.593,
    bytesPerCacheValue: 2,
    flags: ["--dtype", "float16", "--quantization", "awq_marlin"],
  },
  cpu: {
    memory: 4096 * MIB,
    bytesPerParameter: 4,
    bytesPerCacheValue: 4,
    // A seeded request whose prefill is cut into steps ends vLLM's process on a CPU, whose generators have no offset
    // (vLLM 0.32, `gpu_model_runner.py`, `_bookkeeping_sync`): prefills are done whole.
    flags: ["--dtype", "float32", "--enforce-eager", "--no-enable-chunked-prefill", ...WHOLE_PREFILL],
  },
};

/** The share of the memory that the engine may take, and what it needs there beside weights and cache, in bytes. */
const MEMORY_SHARE = 0.92;
const OVERHEAD = 2.5e9;
/** A request's mean length in tokens, for how many the cache holds: a prompt of 3,000 and an answer of 130. */
const MEAN_TOKENS = 3130;
/** More than these at once only make each of them slower. */
const MOST_SLOTS = 64;
const CPU_SLOTS = 8;

const STRUCTURED_OUTPUTS = { backend: "xgrammar", disable_any_whitespace: true };

/** How an engine is started. */
export interface EngineStart {
  /** The Python module that runs. */
  readonly module: string;
  /** Variables beyond those that the engine finds. */
  readonly env: Readonly<Record<string, string>>;
  /** Without host and port. */
  readonly flags: readonly string[];
  readonly slots: number;
}

/** The start of a model from `weights`, a folder or a repository; fails with a sentence when the machine is too small. */
export function vllmStart(model: Model, gpu: Gpu, weights: string): Result<EngineStart, string> {
  const slots = slotsFor(model, gpu);
  if (slots < 1) return fail(`${model.id} and one request do not fit into the memory of ${gpu}.`);
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
      ...MACHINES[gpu].flags,
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

/** Requests of mean length that fit into the cache beside the weights. */
export function slotsFor({ weights }: Model, gpu: Gpu): number {
  const { memory, bytesPerParameter, bytesPerCacheValue } = MACHINES[gpu];
  const room = memory * MEMORY_SHARE - weights.parameters * bytesPerParameter - OVERHEAD;
  const request = MEAN_TOKENS * weights.cacheValuesPerToken * bytesPerCacheValue;
  return Math.min(Math.floor(room / request), gpu === "cpu" ? CPU_SLOTS : MOST_SLOTS);
}
