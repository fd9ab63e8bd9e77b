/** OpenAI's chat completion request, as far as Tessera answers it. */
import { z } from "@hono/zod-openapi";
import { schemaProblem } from "../../core/json-schema.ts";
import { MOST_TOP_LOGPROBS } from "../../core/logprobs.ts";
import { MODELS, type Model } from "../../core/models.ts";

const text = z.strictObject({ type: z.literal("text"), text: z.string() });

const image = z.strictObject({
  type: z.literal("image_url"),
  image_url: z.strictObject({
    url: z
      .string()
      .openapi({ description: "A base64 data URL, an https URL, or sha256:<hex> of an uploaded image." }),
    detail: z
      .enum(["auto", "low", "high"])
      .optional()
      .openapi({
        description:
          "`low` sends the base view alone: fewer tokens, less seen. Some models refuse it. `auto` and `high` send " +
          "every tile.",
      }),
  }),
});

const systemMessage = z.strictObject({
  role: z.enum(["system", "developer"]),
  content: z.union([z.string(), z.array(text)]),
  name: z.string().optional(),
});

const userMessage = z.strictObject({
  role: z.literal("user"),
  content: z.union([z.string(), z.array(z.discriminatedUnion("type", [text, image])).min(1)]),
  name: z.string().optional(),
});

/** Assistant turns come back as clients received them: empty fields of the answer are no request. */
const assistantMessage = z.strictObject({
  role: z.literal("assistant"),
  content: z.union([z.string(), z.array(text)]),
  name: z.string().optional(),
  refusal: z.null().optional(),
  annotations: z.array(z.unknown()).max(0).optional(),
});

/** No context is so long that more turns would fit: each takes four tokens at least, its text left out. */
const MAX_MESSAGES = 1024;
/** In characters. A stop string goes with every frame, and no answer is as long as the frame's limit. */
const MAX_STOP_LENGTH = 1024;
const stop = z.string().min(1).max(MAX_STOP_LENGTH);

const jsonSchema = z
  .record(z.string(), z.unknown())
  .superRefine((schema, context) => {
    const problem = schemaProblem(schema);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  })
  .openapi({
    type: "object",
    description:
      "Types, properties, required, items, enum, const, anyOf, bounds, and references to `$defs` that do not lead " +
      "back to themselves.",
  });

/** OpenAI's names of formats. */
const formatName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "it takes 1 to 64 letters, digits, underscores and hyphens");

const responseFormat = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("text") }),
    z.strictObject({
      type: z.literal("json_schema"),
      json_schema: z.strictObject({
        name: formatName,
        description: z.string().max(1024).optional(),
        schema: jsonSchema,
        // An answer follows its schema whether or not that is asked for.
        strict: z.boolean().nullish(),
      }),
    }),
  ])
  .openapi({
    description: "Text that is JSON by this schema, on models whose `capabilities` name `response_format`.",
  });

const chatMessage = z.discriminatedUnion("role", [systemMessage, userMessage, assistantMessage]);

const ids = MODELS.map(({ id }) => `\`${id}\``).join(", ");

/** A figure of each model, in words; models that share one are told together. */
function perModel(figure: (model: Model) => number): string {
  return Array.from(Map.groupBy(MODELS, figure), ([value, models]) => {
    const names = models.length === 1 ? `\`${models[0]!.id}\`` : "the LLaVA models";
    return `${value} (${names})`;
  }).join(", ");
}

/** A union, as null is not among the values of a nullable `enum` in the specification. */
const neutral = <Value extends z.ZodType>(schema: Value) => z.union([schema, z.null()]).optional();

/**
 * Parameters that are not here are refused by name. Those that other clients always send are taken at the one value
 * that asks for nothing.
 */
export const chatRequest = z
  .strictObject({
    model: z.string().openapi({ description: `One of ${ids}; \`GET /v1/models\` tells their limits.` }),
    messages: z.array(chatMessage).min(1).max(MAX_MESSAGES).openapi({
      description: "The whole conversation, the answers included; the last message is the user's.",
    }),
    max_tokens: z
      .int()
      .min(1)
      .nullish()
      .openapi({
        description: `The most tokens of the answer. By default ${perModel(({ defaults }) => defaults.maxTokens)}, less where the context ends sooner; at most ${perModel(({ maxOutputTokens }) => maxOutputTokens)}.`,
      }),
    max_completion_tokens: z
      .int()
      .min(1)
      .nullish()
      .openapi({ description: "OpenAI's later name of `max_tokens`; it goes before it." }),
    temperature: z
      .number()
      .min(0)
      .max(2)
      .nullish()
      .openapi({
        description: `0 takes the likeliest token each time. By default ${perModel(({ defaults }) => defaults.temperature)}.`,
      }),
    top_p: z
      .number()
      .gt(0)
      .max(1)
      .nullish()
      .openapi({ description: "Draws from the likeliest tokens that together have this probability." }),
    seed: z
      .int()
      .min(Number.MIN_SAFE_INTEGER)
      .max(Number.MAX_SAFE_INTEGER)
      .nullish()
      .openapi({ description: "What the draws begin with." }),
    stop: z
      .union([stop, z.array(stop).max(4)])
      .nullish()
      .openapi({ description: "Up to four texts; the answer ends before the first that comes." }),
    logprobs: z.boolean().nullish().openapi({
      description: "Each token's natural logarithm of probability, on models whose `capabilities` name it.",
    }),
    top_logprobs: z.int().min(0).max(MOST_TOP_LOGPROBS).nullish().openapi({
      description: "How many of the likeliest tokens are shown in each place; needs `logprobs`.",
    }),
    response_format: responseFormat.nullish(),
    stream: z
      .boolean()
      .nullish()
      .openapi({ description: "Sends the answer as it is written, in server-sent events." }),
    stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullish(),
    user: z.string().max(512).nullish(),
    metadata: z.record(z.string(), z.string()).nullish(),
    webhook: z.string().optional().openapi({
      description: "With `Prefer: respond-async`: where the signed event goes when the job has ended.",
    }),

    n: neutral(z.literal(1)),
    frequency_penalty: neutral(z.literal(0)),
    presence_penalty: neutral(z.literal(0)),
    store: neutral(z.literal(false)),
    tools: neutral(z.array(z.unknown()).max(0)),
    tool_choice: neutral(z.literal("none")),
    modalities: neutral(z.array(z.literal("text")).min(1).max(1)),
  })
  .openapi("ChatCompletionRequest");
export type ChatRequestBody = z.infer<typeof chatRequest>;

/**
 * Parameters whose only accepted value asks for nothing, and that value where it means something by itself; any other
 * value is an unsupported parameter, not a wrong one.
 */
export const NEUTRAL_PARAMETERS: ReadonlyMap<string, string | null> = new Map([
  ["n", "1"],
  ["frequency_penalty", "0"],
  ["presence_penalty", "0"],
  ["store", "false"],
  ["response_format.type", "text or json_schema"],
  ["tools", null],
  ["tool_choice", null],
  ["modalities", '["text"]'],
]);

const usageBody = z
  .object({
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    total_tokens: z.int(),
    prompt_tokens_details: z.object({ cached_tokens: z.int(), text_tokens: z.int(), image_tokens: z.int() }),
    completion_tokens_details: z.object({ reasoning_tokens: z.int() }),
    cost: z.number().openapi({ description: "The same in credits, where OpenRouter's clients look for it." }),
    cost_microcredits: z
      .int()
      .openapi({ description: "What this answer was charged; a cached one has its own price." }),
  })
  .openapi("Usage");

const shownToken = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int()).openapi({ description: "A token may be a part of a character." }),
});
const shownLogprob = shownToken.extend({ top_logprobs: z.array(shownToken) });

export const chatCompletion = z
  .object({
    id: z.string(),
    object: z.literal("chat.completion"),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.int(),
        message: z.object({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
        logprobs: z
          .object({ content: z.array(shownLogprob), refusal: z.null() })
          .nullable()
          .openapi({ description: "One entry for each of the completion's tokens, if asked for." }),
        finish_reason: z.enum(["stop", "length"]),
      }),
    ),
    usage: usageBody,
  })
  .openapi("ChatCompletion");
export type ChatCompletion = z.infer<typeof chatCompletion>;
