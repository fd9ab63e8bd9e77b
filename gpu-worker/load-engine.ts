/**
 * The configured engine, ready for its warm-up, and the tokenizer of its model. An engine's code is loaded only when it
 * is chosen.
 */
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EngineStart } from "../core/engine-start.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { loadTokenizer, type Tokenizer } from "../core/tokenizer.ts";
import type { Configuration } from "./configuration.ts";
import type { Loaded } from "./generate.ts";
import type { Log } from "./log.ts";
import { readVocabulary } from "./tokenizer.ts";

/** Fails with a sentence for the operator. The signal aborts when the worker stops. */
export type LoadEngine = (
  configuration: Configuration,
  log: Log,
  signal: AbortSignal,
) => Promise<Result<Loaded, string>>;

export const loadEngine: LoadEngine = async (configuration, log, signal) => {
  const { engine, model, weights, slots } = configuration;
  try {
    if (engine.kind !== "embedded") {
      const tokenizer = await readTokenizer(configuration);
      const vocabulary = tokenizer.size;
      const { startGrpcEngine } = await import("./engines/grpc/engine.ts");
      const start = engine.kind === "sglang" ? withServicer(engine.start) : engine.start;
      const started = await startGrpcEngine({ ...engine, start, model, vocabulary, slots, log, signal });
      return started.ok ? ok({ tokenizer, engine: started.value }) : fail(`${engine.kind}: ${started.error}`);
    }
    const { checkWeights } = await import("./engines/onnx/weights.ts");
    const checked = await checkWeights(weights);
    if (!checked.ok) return fail(checked.error.message);
    const tokenizer = await readTokenizer(configuration);
    const { createOnnxEngine } = await import("./engines/onnx/engine.ts");
    const onFailure = (request: string, error: unknown) =>
      log("error", "engine_failed", { request, error: error instanceof Error ? error.stack : String(error) });
    return ok({
      tokenizer,
      engine: await createOnnxEngine({ weights, model, vocabulary: tokenizer.size, slots, onFailure }),
    });
  } catch (error) {
    return fail(
      `the model in ${weights} cannot be loaded: ${error instanceof Error ? error.message : error}`,
    );
  }
};

/** SGLang's servicer is a file of ours, beside this one in a bundle. It speaks to the worker as vLLM does. */
function withServicer(start: EngineStart): EngineStart {
  const folders = ["./engines/sglang", "."].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  return { ...start, env: { ...start.env, PYTHONPATH: folders.join(delimiter) } };
}

async function readTokenizer({ model, weights }: Configuration): Promise<Tokenizer> {
  if (model.tokenizer !== "tessera-tiny") return readVocabulary(model);
  return loadTokenizer(JSON.parse(await readFile(join(weights, "tokenizer.json"), "utf8")));
}
