/** The worker's configuration, from its environment. */
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Capability } from "../core/capability.ts";
import { type EngineStart, GPUS } from "../core/engine-start.ts";
import { findModel, type Model } from "../core/models.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { sglangStart } from "../core/sglang-flags.ts";
import { vllmStart } from "../core/vllm-flags.ts";

const name = z.string().min(1).max(128);

const environment = z.object({
  /** 0 takes a free port. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  HOST: z.string().min(1).default("127.0.0.1"),
  /** Shared with the edge; signs frames and heartbeats. */
  TESSERA_POOL_SECRET: z.string().min(16),
  /** Where heartbeats go; a parent process may also tell it later. */
  TESSERA_EDGE_URL: z.url({ protocol: /^https?$/ }).optional(),
  TESSERA_WORKER_NAME: name.default(hostname),
  /** This worker's entry in the operator's list of targets; the worker's name unless given. */
  TESSERA_TARGET: name.optional(),
  TESSERA_MODEL: name.default("tessera-tiny"),
  /** Folder of the weights. */
  TESSERA_WEIGHTS: z.string().min(1).optional(),
  TESSERA_ENGINE: z.enum(["embedded", "vllm", "sglang"]).default("embedded"),
  /** The machine that vLLM or SGLang is started for. */
  TESSERA_GPU: z.enum(GPUS).optional(),
  /** The Python that has vLLM or SGLang. */
  TESSERA_PYTHON: z.string().min(1).default("python3"),
  /** Flags for the engine beyond those of `tessera engine flags`, separated by spaces. */
  TESSERA_ENGINE_FLAGS: z.string().default(""),
  /** Requests decoded at once; what the engine is made for unless given. */
  TESSERA_SLOTS: z.coerce.number().int().min(1).max(64).optional(),
  /** Requests that may wait for a slot. */
  TESSERA_QUEUE: z.coerce.number().int().min(0).max(4096).default(16),
  /** How long running requests may go on after SIGTERM, in milliseconds. */
  TESSERA_DRAIN_MS: z.coerce.number().int().min(0).max(3_600_000).default(20_000),
});

export interface Configuration {
  readonly port: number;
  readonly host: string;
  readonly secret: string;
  readonly edgeUrl: string | undefined;
  readonly worker: string;
  readonly target: string;
  readonly model: Model;
  /** Folder of the weights; for vLLM also the name of a repository. */
  readonly weights: string;
  readonly engine: EngineConfiguration;
  /** What the engine takes beyond what every engine does. */
  readonly capabilities: readonly Capability[];
  readonly slots: number;
  readonly queue: number;
  readonly drainMs: number;
}

/** The configuration, or one line that says which variables are wrong; it never repeats a value. */
export function readConfiguration(variables: NodeJS.ProcessEnv): Result<Configuration, string> {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    return fail(`the environment is not valid: ${wrong.join("; ")}`);
  }
  const model = findModel(parsed.data.TESSERA_MODEL);
  if (!model) return fail("TESSERA_MODEL names no model of the registry");
  return toConfiguration(parsed.data, model);
}

/** The engine that answers, and how it is started. */
export type EngineConfiguration =
  | { readonly kind: "embedded" }
  | {
      readonly kind: "vllm" | "sglang";
      readonly start: EngineStart;
      readonly python: string;
      readonly flags: readonly string[];
    };

const EMBEDDED_SLOTS = 8;

/** SGLang has no grammars without its own tokenizer, which the worker stands in for. */
const CAPABILITIES: Readonly<Record<EngineConfiguration["kind"], readonly Capability[]>> = {
  embedded: ["logprobs"],
  vllm: ["logprobs", "response_format"],
  sglang: ["logprobs"],
};

function toConfiguration(values: z.infer<typeof environment>, model: Model): Result<Configuration, string> {
  const weights = values.TESSERA_WEIGHTS ?? defaultWeights(model);
  const engine = toEngine(values, model, weights);
  if (!engine.ok) return engine;
  return ok({
    port: values.PORT,
    host: values.HOST,
    secret: values.TESSERA_POOL_SECRET,
    edgeUrl: values.TESSERA_EDGE_URL,
    worker: values.TESSERA_WORKER_NAME,
    target: values.TESSERA_TARGET ?? values.TESSERA_WORKER_NAME,
    model,
    weights,
    engine: engine.value,
    capabilities: CAPABILITIES[engine.value.kind],
    slots:
      values.TESSERA_SLOTS ?? (engine.value.kind === "embedded" ? EMBEDDED_SLOTS : engine.value.start.slots),
    queue: values.TESSERA_QUEUE,
    drainMs: values.TESSERA_DRAIN_MS,
  });
}

/** The committed weights of the embedded model; for the others the repository that vLLM fetches them from. */
function defaultWeights(model: Model): string {
  if (model.tokenizer !== "tessera-tiny") return model.revision;
  return fileURLToPath(new URL(`../models/${model.id}/weights`, import.meta.url));
}

function toEngine(
  values: z.infer<typeof environment>,
  model: Model,
  weights: string,
): Result<EngineConfiguration, string> {
  const { TESSERA_ENGINE: kind, TESSERA_GPU: gpu } = values;
  if (kind === "embedded") return ok({ kind });
  // Each rounds the unpadded feature map in its own way, and a wrong count ends a request or the engine.
  const rounds = kind === "sglang" ? "truncate" : "exact";
  if (model.geometry.unpad !== rounds) return fail(`${model.id} can't be served by ${kind}`);
  if (!gpu) return fail(`TESSERA_GPU is missing: ${GPUS.join(", ")}`);
  const start = (kind === "sglang" ? sglangStart : vllmStart)(model, gpu, weights);
  if (!start.ok) return start;
  const flags = values.TESSERA_ENGINE_FLAGS.split(/\s+/).filter((flag) => flag !== "");
  const slots = kind === "sglang" ? "--max-running-requests" : "--max-num-seqs";
  if (values.TESSERA_SLOTS) flags.unshift(slots, String(values.TESSERA_SLOTS));
  return ok({ kind, start: start.value, python: values.TESSERA_PYTHON, flags });
}
