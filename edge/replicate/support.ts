/** Which models Replicate answers for, and which requests its model takes. */
import type { Model } from "../../core/models.ts";
import type { Conversation } from "../chat/request.ts";
import type { ChatRequestBody } from "../chat/schema.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";

/** The model at Replicate that answers for one of the registry, or undefined when this deployment's own workers do. */
export function replicateModel(env: Pick<Env, "REPLICATE_API_TOKEN">, model: Model): string | undefined {
  return env.REPLICATE_API_TOKEN ? model.replicate : undefined;
}

/** Where an image goes in the authors' prompts (LLaVA `llava/constants.py`); Replicate's model reads it in any text. */
const IMAGE_MARK = "<image>";

/**
 * Refuses what Replicate's model has no input for: it takes one question about at most one whole image, with
 * temperature, top_p and max_tokens. Throws before anything is fetched or held.
 */
export function checkReplicateRequest(
  model: Model,
  { messages, images }: Conversation,
  { seed, stop }: Pick<ChatRequestBody, "seed" | "stop">,
): void {
  const refuse = (param: string, taken: string): never => {
    throw new ApiError(
      "unsupported_parameter",
      `${model.id} is served by Replicate, where it takes ${taken}.`,
      {
        param,
      },
    );
  };
  if (messages.length > 1) refuse("messages", "one user message, without earlier turns or a system message");
  if (images.length > 1) refuse("messages", "at most one image");
  const [image] = images;
  if (image?.lowDetail) refuse(image.param, "images in full detail only");
  const texts = messages.flatMap(({ parts }) => parts.flatMap((part) => ("text" in part ? [part.text] : [])));
  if (texts.some((text) => text.includes(IMAGE_MARK))) {
    refuse("messages", `no text that contains '${IMAGE_MARK}'`);
  }
  if (seed != null) refuse("seed", "no seed");
  if (stop != null && stop.length > 0) refuse("stop", "no stop strings");
}
