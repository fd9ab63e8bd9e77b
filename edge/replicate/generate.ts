/** Answers by Replicate: the whole image goes there, and the text comes back. */
import type Replicate from "replicate";
import type { FileObject } from "replicate";
import { imageTokens } from "../../core/image-tokens.ts";
import { renderPrompt } from "../../core/prompt.ts";
import { tokenizePrompt } from "../../core/tokenizer.ts";
import { tokenizerOf } from "../chat/tokenizer.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";
import type { Generation, GenerationEvent } from "../generate/generate.ts";
import { replicateClient } from "./client.ts";
import { asReplicateFailure, toApiError } from "./failure.ts";
import { createPrediction, type Prediction, predictionText } from "./prediction.ts";

/**
 * The events of one question at Replicate's `name` ("owner/name"). Tokens are counted here, by the model's own
 * tokenizer and geometry, since Replicate tells none. Throws API errors; when the caller leaves, or time is up, the
 * prediction is cancelled there, and the uploaded image is deleted in every case.
 */
export async function* generateOnReplicate(
  env: Env,
  name: string,
  generation: Generation,
): AsyncGenerator<GenerationEvent, void, void> {
  const { model, messages, images, sampling, background } = generation;
  const tokenizer = await tokenizerOf(model);
  const client = replicateClient(env);
  const outOfTime = AbortSignal.timeout(Math.max(0, generation.deadline - Date.now()));
  const signal = AbortSignal.any([generation.signal, outOfTime]);
  const begun = performance.now();
  let file: FileObject | undefined;
  let prediction: Prediction | undefined;
  let ended = false;
  try {
    const [image] = images;
    if (image) file = await client.files.create(new Blob([image.bytes]), {}, { signal });
    prediction = await createPrediction(
      client,
      name,
      {
        prompt: messages
          .flatMap(({ parts }) => parts.flatMap((part) => ("text" in part ? [part.text] : [])))
          .join(""),
        ...(file && { image: file.urls.get }),
        temperature: sampling.temperature,
        top_p: sampling.topP,
        max_tokens: sampling.maxTokens,
      },
      signal,
    );
    yield { type: "granted", attempt: generation.attempt };

    let text = "";
    let firstAt = 0;
    for await (const piece of predictionText(client, prediction, signal)) {
      firstAt ||= performance.now();
      text += piece;
      yield { type: "token", text: piece, count: tokenizer.encode(piece).length };
    }
    ended = true;
    const now = performance.now();
    const outputTokens = Math.min(sampling.maxTokens, tokenizer.encode(text).length);
    yield {
      type: "done",
      finishReason: outputTokens < sampling.maxTokens ? "stop" : "length",
      usage: {
        imageTokens: images.reduce(
          (sum, { width, height }) => sum + imageTokens(width, height, model.geometry, "high").total,
          0,
        ),
        textTokens: tokenizePrompt(renderPrompt(model.template, messages), tokenizer).textTokens,
        outputTokens,
      },
      timings: {
        prepareMs: 0,
        queueMs: (firstAt || now) - begun,
        visionMs: 0,
        prefillMs: 0,
        decodeMs: now - (firstAt || now),
      },
    };
  } catch (error) {
    if (generation.signal.aborted) throw error;
    if (outOfTime.aborted) throw new ApiError("deadline_exceeded", "Replicate did not answer in time.");
    const failure = asReplicateFailure(error);
    const { kind, message } = failure;
    console.error(JSON.stringify({ event: "replicate_failed", job: generation.job, kind, reason: message }));
    throw toApiError(failure);
  } finally {
    background(cleanUp(client, ended ? undefined : prediction, file));
  }
}

/** Cancels a prediction that nobody waits for, and deletes the image. Replicate deletes both after some time anyway. */
async function cleanUp(
  client: Replicate,
  prediction: Prediction | undefined,
  file: FileObject | undefined,
): Promise<void> {
  await Promise.allSettled([
    prediction && client.predictions.cancel(prediction.id),
    file && client.files.delete(file.id),
  ]);
}
