/** What a GPU worker answers to a job frame: one JSON object a line, flushed per decoding step. */
import { z } from "zod";
import { tokenLogprob } from "./logprobs.ts";

export const usageSchema = z.strictObject({
  imageTokens: z.int().min(0),
  textTokens: z.int().min(0),
  outputTokens: z.int().min(0),
});

export const finishReason = z.enum(["stop", "length"]);
export type FinishReason = z.infer<typeof finishReason>;

/** Codes of a generation that failed inside the worker. */
const engineErrorCode = z.enum([
  "engine_failed",
  "engine_lost",
  "empty_output",
  "endless_repetition",
  "deadline_exceeded",
  "worker_draining",
]);
export type EngineErrorCode = z.infer<typeof engineErrorCode>;

export const workerEvent = z.discriminatedUnion("type", [
  /** The frame is valid and in line; nothing has been computed. */
  z.strictObject({ type: z.literal("accepted") }),
  /**
   * Text that is ready to be shown (whole UTF-8 characters, never part of a stop string), and the ids decoded since the
   * last event.
   */
  z.strictObject({
    type: z.literal("token"),
    text: z.string(),
    ids: z.array(z.int().min(0)),
    /** One for each id, where the frame asks for them. */
    logprobs: z.array(tokenLogprob).optional(),
  }),
  z.strictObject({ type: z.literal("usage"), usage: usageSchema }),
  z.strictObject({
    type: z.literal("done"),
    finishReason,
    /** The engine's own times in milliseconds. */
    timings: z.strictObject({
      queueMs: z.number(),
      visionMs: z.number(),
      prefillMs: z.number(),
      decodeMs: z.number(),
    }),
  }),
  z.strictObject({ type: z.literal("error"), code: engineErrorCode, message: z.string() }),
]);
export type WorkerEvent = z.infer<typeof workerEvent>;
