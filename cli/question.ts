/** What `ask` and `preflight` have in common: images and a question become a chat completion's body. */
import { statSync } from "node:fs";
import { Option } from "@commander-js/extra-typings";
import { MODELS } from "../core/models.ts";
import { apiCommand, toCount, toNumber, UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { hasImageName, imageUrls, isAddress } from "./images.ts";

/** The models that this version knows; the server has the last word. */
export function modelOption(description: string) {
  return new Option("--model <model>", description).choices(MODELS.map(({ id }) => id)).argParser(String);
}

/** A command that takes `IMAGE… "QUESTION"`. */
export function questionCommand(name: string, summary: string) {
  return apiCommand(name, summary)
    .usage('[options] IMAGE… "QUESTION"')
    .argument(
      "[file...]",
      "images (files, https URLs, or sha256:… of uploaded ones; none for a question alone), and the question last",
    )
    .addOption(modelOption("the model to ask").default(MODELS[0]!.id))
    .option("--max-tokens <n>", "the longest answer, in tokens", toCount)
    .option("--temperature <t>", "0 always gives the same answer; higher ones vary", toNumber);
}

export interface Question {
  readonly images: readonly string[];
  readonly text: string;
  readonly sampling: {
    readonly model: string;
    readonly max_tokens?: number | undefined;
    readonly temperature?: number | undefined;
  };
}

/** Reads `IMAGE… "QUESTION"` and the sampling. Throws a UsageError. */
export function readQuestion(
  words: readonly string[],
  { model, maxTokens, temperature }: { model: string; maxTokens?: number; temperature?: number },
): Question {
  const text = words.at(-1);
  if (!text?.trim()) throw new UsageError('there is no question; put it last, in quotes: "What is this?"');
  const file = statSync(text, { throwIfNoEntry: false });
  if (file?.isDirectory()) throw new UsageError(`'${text}' is a folder; name images, and the question last`);
  if (isAddress(text) || file || hasImageName(text)) {
    throw new UsageError(`'${text}' is an image; put the question after it, in quotes: "What is this?"`);
  }
  return {
    images: words.slice(0, -1),
    text,
    sampling: {
      model,
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
      ...(temperature !== undefined && { temperature }),
    },
  };
}

/** The body of `POST /v1/chat/completions`, which is also that of `POST /v1/preflight`. */
export async function questionBody(connection: Connection, question: Question) {
  const urls = await imageUrls(connection, question.images);
  const images = urls.map((url) => ({ type: "image_url", image_url: { url } }));
  const content = [...images, { type: "text", text: question.text }];
  return { ...question.sampling, messages: [{ role: "user", content }] };
}
