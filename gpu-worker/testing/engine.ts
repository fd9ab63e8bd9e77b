import { setTimeout as sleep } from "node:timers/promises";
import { ok } from "../../core/result.ts";
import { loadTokenizer, type Tokenizer } from "../../core/tokenizer.ts";
import file from "../../models/tessera-tiny/weights/tokenizer.json" with { type: "json" };
import type { Engine, EngineStep } from "../engines/engine.ts";
import type { LoadEngine } from "../load-engine.ts";

export const tokenizer = loadTokenizer(file);

export interface ScriptedEngine extends Engine {
  /** How requests other than the warm-up fail after their tokens. */
  failWith?: string;
  /** The engine dies: what runs is lost. */
  die(): void;
}

/**
 * An engine that repeats `text` for as many tokens as are asked for, one token every `stepMs`. It tests everything
 * around an engine; the embedded engine has its own tests.
 */
export function scriptedEngine(text: string, stepMs = 5, slots = 2): ScriptedEngine {
  const script = tokenizer.encode(text);
  let running = 0;
  let steps = 0;
  let dead = false;
  const lost = Promise.withResolvers<string>();
  const engine: ScriptedEngine = {
    slots,
    generate(request, signal) {
      running += 1;
      const { failWith } = engine;
      async function* generated(): AsyncGenerator<EngineStep> {
        try {
          for (let index = 0; index < request.sampling.maxTokens; index += 1) {
            await sleep(stepMs);
            if (signal.aborted) return;
            if (dead) {
              yield { type: "lost", message: "The engine was lost." };
              return;
            }
            steps += 1;
            yield { type: "tokens", ids: [script[index % script.length] ?? 0] };
          }
          if (failWith && !request.id.startsWith("warm-up")) {
            yield { type: "failed", message: failWith };
          } else yield { type: "end", reason: "length" };
        } finally {
          running -= 1;
        }
      }
      return {
        steps: generated(),
        timings: () => ({ queueMs: 0, visionMs: 0, prefillMs: 0, decodeMs: 0 }),
      };
    },
    load: () => ({ running: Math.min(running, slots), waiting: Math.max(0, running - slots) }),
    counters: () => ({ steps, imagesEncoded: 0, imagesReused: 0 }),
    lost: lost.promise,
    die() {
      dead = true;
      lost.resolve("it died");
    },
    close: async () => {},
  };
  return engine;
}

/** Prompts are encoded with tessera-tiny's tokenizer, or with another model's. */
export function loadScripted(engine: Engine, vocabulary: Tokenizer = tokenizer): LoadEngine {
  return async () => ok({ engine, tokenizer: vocabulary });
}
