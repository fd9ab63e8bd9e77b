import type { Sampling } from "../../core/frame.ts";
import type { Model } from "../../core/models.ts";
import type { Message, Part } from "../../core/prompt.ts";
import { ApiError } from "../errors.ts";
import { decodeDataUrl } from "../images/data-url.ts";
import { type Digest, isDigest } from "../images/digest.ts";
import { MAX_DATA_BYTES } from "../images/limits.ts";
import type { ChatRequestBody } from "./schema.ts";

/** Where an image's bytes are. */
export type ImageSource =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "stored"; readonly digest: Digest }
  | { readonly kind: "url"; readonly url: string };

export interface RequestedImage {
  readonly source: ImageSource;
  /** Whether the base view alone is sent. */
  readonly lowDetail: boolean;
  /** The field it came from, for errors. */
  readonly param: string;
}

/** A conversation in the product's own terms; images are numbered in order. */
export interface Conversation {
  readonly messages: readonly Message[];
  readonly images: readonly RequestedImage[];
}

/** The most text a request may carry, in UTF-16 units: tokenizing costs CPU before any answer is possible. */
const MAX_TEXT_LENGTH = 32_768;

/** Below this the authors' code does not sample (LLaVA `llava/serve/cli.py`). */
const GREEDY_BELOW = 0.001;

/** The conversation of a request body. Throws what a caller must mend. */
export function readConversation(body: ChatRequestBody, model: Model): Conversation {
  const images: RequestedImage[] = [];
  let textLength = 0;
  let dataBytes = 0;

  const messages = body.messages.map((message, index): Message => {
    const content =
      typeof message.content === "string"
        ? [{ type: "text" as const, text: message.content }]
        : message.content;
    const parts = content.map((part, position): Part => {
      if (part.type === "text") {
        textLength += part.text.length;
        return { text: part.text.toWellFormed() };
      }
      const param = `messages.${index}.content.${position}.image_url`;
      const source = readSource(part.image_url.url, `${param}.url`);
      if (source.kind === "bytes") dataBytes += source.bytes.length;
      images.push({
        source,
        lowDetail: readDetail(part.image_url.detail, model, `${param}.detail`),
        param: `${param}.url`,
      });
      return { image: images.length - 1 };
    });
    return { role: message.role === "developer" ? "system" : message.role, parts };
  });

  if (messages.at(-1)?.role !== "user") {
    throw new ApiError("missing_user_turn", "The last message must be a user's.", { param: "messages" });
  }
  if (textLength > MAX_TEXT_LENGTH) {
    throw new ApiError(
      "text_too_long",
      `The messages have ${textLength} characters; at most ${MAX_TEXT_LENGTH} are taken.`,
      {
        param: "messages",
      },
    );
  }
  if (images.length > model.maxImages) {
    throw new ApiError(
      "too_many_images",
      `The request has ${images.length} images; ${model.id} takes at most ${model.maxImages}.`,
      {
        param: "messages",
      },
    );
  }
  if (dataBytes > MAX_DATA_BYTES) {
    throw new ApiError(
      "image_too_many_bytes",
      `The data URLs hold ${dataBytes} bytes; at most ${MAX_DATA_BYTES} are taken. Upload larger images to /v1/images first.`,
      { param: "messages" },
    );
  }
  return { messages, images };
}

function readSource(url: string, param: string): ImageSource {
  if (isDigest(url)) return { kind: "stored", digest: url };
  if (/^data:/i.test(url)) {
    const bytes = decodeDataUrl(url);
    if (!bytes.ok) throw new ApiError("image_data_url_invalid", bytes.error, { param });
    return { kind: "bytes", bytes: bytes.value };
  }
  if (!URL.canParse(url)) {
    throw new ApiError(
      "url_invalid",
      "An image's URL is a base64 data URL, an https URL, or sha256:<hex> of an uploaded image.",
      { param },
    );
  }
  return { kind: "url", url };
}

function readDetail(detail: "auto" | "low" | "high" | undefined, model: Model, param: string): boolean {
  if (detail !== "low") return false;
  if (model.lowDetail) return true;
  throw new ApiError("unsupported_parameter", `${model.id} does not take detail 'low'.`, { param });
}

/**
 * How many tokens the caller allows: its own figure, or null for as many as the model's default and the context let.
 */
export function readMaxTokens(body: ChatRequestBody, model: Model): number | null {
  const asked = body.max_completion_tokens ?? body.max_tokens ?? null;
  if (asked !== null && asked > model.maxOutputTokens) {
    const param = body.max_completion_tokens == null ? "max_tokens" : "max_completion_tokens";
    throw new ApiError(
      "invalid_value",
      `'${param}' is ${asked}; ${model.id} answers with at most ${model.maxOutputTokens} tokens.`,
      {
        param,
      },
    );
  }
  return asked;
}

/** The sampling parameters, the model's defaults filled in. */
export function readSampling(body: ChatRequestBody, model: Model, maxTokens: number): Sampling {
  const temperature = body.temperature ?? model.defaults.temperature;
  return {
    maxTokens,
    temperature: temperature < GREEDY_BELOW ? 0 : temperature,
    topP: body.top_p ?? model.defaults.topP,
    seed: body.seed ?? null,
    stop: typeof body.stop === "string" ? [body.stop] : (body.stop ?? []),
    ...readExtras(body),
  };
}

/** What only some engines take. Throws when `top_logprobs` stands alone. */
export function readExtras({
  logprobs,
  top_logprobs,
  response_format,
}: ChatRequestBody): Pick<Sampling, "topLogprobs" | "jsonSchema"> {
  if (top_logprobs != null && !logprobs) {
    throw new ApiError("invalid_value", "'top_logprobs' needs 'logprobs' to be true.", {
      param: "top_logprobs",
    });
  }
  return {
    ...(logprobs && { topLogprobs: top_logprobs ?? 0 }),
    ...(response_format?.type === "json_schema" && {
      jsonSchema: JSON.stringify(response_format.json_schema.schema),
    }),
  };
}
