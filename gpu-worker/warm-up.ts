import { createHash } from "node:crypto";
import { planTiles } from "../core/anyres.ts";
import { type FrameHeader, frameImageBytes } from "../core/frame.ts";
import type { Model } from "../core/models.ts";
import { fail, type Result } from "../core/result.ts";
import type { Loaded } from "./generate.ts";
import { validateFrame } from "./validate.ts";

const SIDE = 512;

/** One real generation over a black image: every graph has run once before the first customer's request. */
export async function warmUp({ engine, tokenizer }: Loaded, model: Model): Promise<Result<void, string>> {
  const { grid, resized } = planTiles(SIDE, SIDE, model.geometry);
  const pixels = new Uint8Array(frameImageBytes({ resized: [...resized] }, model.geometry.tile));
  const header: FrameHeader = {
    job: "warm-up",
    attempt: 1,
    lease: "warm-up",
    audience: { worker: "warm-up", boot: "warm-up" },
    namespace: "0".repeat(64),
    model: model.id,
    revision: model.revision,
    messages: [{ role: "user", parts: [{ image: 0 }, { text: "What is this?" }] }],
    sampling: { maxTokens: 2, temperature: 0, topP: 1, seed: 0, stop: [] },
    images: [
      {
        width: SIDE,
        height: SIDE,
        grid: [...grid],
        resized: [...resized],
        sha256: createHash("sha256").update(pixels).digest("hex"),
      },
    ],
    trace: null,
    claim: null,
    deadline: 0,
  };
  const job = validateFrame({ header, pixels: [pixels] }, model, tokenizer);
  if (!job.ok) return fail(`the warm-up request is refused: ${job.error.message}`);
  for await (const step of engine.generate(job.value.request, new AbortController().signal).steps) {
    if (step.type === "end") return { ok: true, value: undefined };
  }
  return fail("the engine failed at its warm-up request");
}
