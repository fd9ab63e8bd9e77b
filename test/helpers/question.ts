/** Bodies of chat completions, and what comes back. */
import { z } from "zod";
import { dataUrl } from "./picture.ts";

export const MODEL = "tessera-tiny";

type Part =
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "image_url";
      readonly image_url: { readonly url: string; readonly detail?: "auto" | "low" | "high" };
    };

export interface ChatBody {
  readonly model: string;
  readonly messages: readonly {
    readonly role: string;
    readonly content: string | readonly Part[];
  }[];
  readonly [parameter: string]: unknown;
}

/** One user turn: pictures as bytes or as URLs, then the text. */
export function question(text: string, ...pictures: readonly (Uint8Array | string)[]): ChatBody {
  const images = pictures.map((picture) => ({
    type: "image_url" as const,
    image_url: { url: typeof picture === "string" ? picture : dataUrl(picture) },
  }));
  return {
    model: MODEL,
    messages: [{ role: "user", content: [...images, { type: "text", text }] }],
  };
}

const token = z.strictObject({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()) });

/** OpenAI's form of logprobs, with exactly these fields. */
export const logprobs = z.strictObject({
  content: z.array(token.extend({ top_logprobs: z.array(token) })),
  refusal: z.null(),
});

export const completion = z.object({
  id: z.string().startsWith("chatcmpl-"),
  object: z.literal("chat.completion"),
  created: z.int(),
  model: z.string(),
  choices: z.tuple([
    z.object({
      index: z.literal(0),
      message: z.object({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
      logprobs: logprobs.nullable(),
      finish_reason: z.enum(["stop", "length"]),
    }),
  ]),
  usage: z.object({
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    total_tokens: z.int(),
    prompt_tokens_details: z.object({ image_tokens: z.int(), text_tokens: z.int(), cached_tokens: z.int() }),
    cost: z.number(),
    cost_microcredits: z.int(),
  }),
});
export type Completion = z.infer<typeof completion>;

/** The text of a completion. */
export function textOf({ choices }: Completion): string {
  return choices[0].message.content;
}

export const preflight = z.object({
  prompt_tokens: z.int(),
  image_tokens: z.int(),
  text_tokens: z.int(),
  text_tokens_exact: z.boolean(),
  max_tokens: z.int(),
  max_cost_microcredits: z.int(),
});
export type Preflight = z.infer<typeof preflight>;

/** The one envelope, with exactly these fields. */
export const envelope = z.strictObject({
  error: z.strictObject({
    message: z.string().min(1),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
  }),
});
