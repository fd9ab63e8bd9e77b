/** From a request's body to a question that can be counted, held for and answered. */
import { needsOf } from "../../core/capability.ts";
import type { Sampling } from "../../core/frame.ts";
import { findModel, type Model } from "../../core/models.ts";
import type { Message } from "../../core/prompt.ts";
import type { Caller } from "../auth/caller.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";
import { type ResolvedImage, resolveImages } from "../images/resolve.ts";
import { currentPrice } from "../prices/book.ts";
import { checkReplicateRequest, replicateModel } from "../replicate/support.ts";
import { checkCapabilities } from "./capabilities.ts";
import { planRequest, type RequestPlan } from "./plan.ts";
import { readConversation, readExtras, readMaxTokens, readSampling } from "./request.ts";
import type { ChatRequestBody } from "./schema.ts";
import { tokenizerOf } from "./tokenizer.ts";

export interface Question {
  readonly model: Model;
  readonly messages: readonly Message[];
  readonly images: readonly ResolvedImage[];
  readonly sampling: Sampling;
  readonly plan: RequestPlan;
}

/**
 * Reads, resolves and counts a request; `maxCost` is its ceiling in micro-credits. Nothing is decoded or charged;
 * throws whatever the caller must mend.
 */
export async function prepareQuestion(
  env: Env,
  caller: Caller,
  body: ChatRequestBody,
  maxCost: number | null,
): Promise<Question> {
  const model = findModel(body.model);
  if (!model) {
    throw new ApiError(
      "model_not_found",
      `There is no model '${body.model.slice(0, 128)}'. See /v1/models.`,
      { param: "model" },
    );
  }
  const conversation = readConversation(body, model);
  if (replicateModel(env, model)) checkReplicateRequest(model, conversation, body);
  const { messages, images: requested } = conversation;
  await checkCapabilities(env, model, needsOf(readExtras(body)));
  const maxTokens = readMaxTokens(body, model);
  const images = await resolveImages(env, caller, requested);
  const price = await currentPrice(env.DB, model, Date.now());
  const allowance = { maxTokens, maxCost };
  const plan = planRequest(model, await tokenizerOf(model), price, messages, allowance, images);
  return { model, messages, images, plan, sampling: readSampling(body, model, plan.most.outputTokens) };
}
