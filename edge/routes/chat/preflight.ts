import { z } from "@hono/zod-openapi";
import { EXAMPLE_QUESTION } from "../../../core/example.ts";
import { requireKey } from "../../auth/caller.ts";
import { MAX_COST_HEADER, maxCostHeader, maxCostRequestHeaders, readMaxCost } from "../../chat/max-cost.ts";
import { prepareQuestion } from "../../chat/prepare.ts";
import { chatRequest, NEUTRAL_PARAMETERS } from "../../chat/schema.ts";
import { MAX_BODY_BYTES } from "../../images/limits.ts";
import { readJson } from "../../read-json.ts";
import { jsonBody, jsonResponse, KEY_SECURITY, type Operation, pair } from "../operation.ts";

/** How many of a key's calls one takes: counting may fetch and tokenize. */
const PREFLIGHT_WEIGHT = 5;

/** A union, as `nullable()` leaves a pair's type in the specification as it is. */
const sizeOrNull = z.union([pair("[width, height] in pixels"), z.null()]);

const preflightResult = z
  .object({
    object: z.literal("preflight"),
    model: z.string(),
    prompt_tokens: z.int(),
    image_tokens: z.int(),
    text_tokens: z.int(),
    text_tokens_exact: z.literal(true).openapi({
      description: "Every model's text is counted with its own tokenizer; usage repeats the number.",
    }),
    max_tokens: z.int(),
    max_cost_microcredits: z.int().openapi({ description: "What the answer costs at most." }),
    price_version: z.string(),
    images: z.array(
      z.object({
        digest: z.string(),
        width: z.int(),
        height: z.int(),
        grid: sizeOrNull,
        resized: sizeOrNull,
        tiles: z.int(),
        tokens: z.object({ base: z.int(), grid: z.int(), newline: z.int(), total: z.int() }),
      }),
    ),
  })
  .openapi("Preflight");

export const preflight: Operation = {
  route: {
    method: "post",
    path: "/v1/preflight",
    summary: "Count a request's tokens and worst-case cost",
    description: "Takes the body of a chat completion; starts no GPU and costs nothing.",
    security: KEY_SECURITY,
    request: { ...jsonBody(chatRequest, EXAMPLE_QUESTION), headers: maxCostRequestHeaders },
    responses: { 200: jsonResponse("The count", preflightResult) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const body = await readJson(context, chatRequest, {
      maxBytes: MAX_BODY_BYTES,
      unsupported: NEUTRAL_PARAMETERS,
    });
    const caller = context.get("caller");
    await caller.authorise("infer", { weight: PREFLIGHT_WEIGHT, model: body.model });
    const maxCost = readMaxCost(context.req.header(MAX_COST_HEADER));
    const { model, plan, images } = await prepareQuestion(context.env, caller, body, maxCost);
    const result: z.infer<typeof preflightResult> = {
      object: "preflight",
      model: model.id,
      prompt_tokens: plan.most.imageTokens + plan.most.textTokens,
      image_tokens: plan.most.imageTokens,
      text_tokens: plan.most.textTokens,
      text_tokens_exact: true,
      max_tokens: plan.most.outputTokens,
      max_cost_microcredits: plan.maxCharge,
      price_version: plan.price.version,
      images: plan.images.map(({ width, height, grid, resized, tiles, tokens }, index) => ({
        digest: images[index]!.digest,
        width,
        height,
        grid: grid && [grid[0], grid[1]],
        resized: resized && [resized[0], resized[1]],
        tiles,
        tokens: { ...tokens },
      })),
    };
    return context.json(result, 200, maxCostHeader(plan));
  },
};
