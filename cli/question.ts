/** What `ask` and `preflight` have in common: pictures and a question become a chat completion's body. */
import { existsSync } from "node:fs";
import { MODELS } from "../core/models.ts";
import { readArguments, readNumber } from "./arguments.ts";
import { UsageError } from "./command.ts";
import { type Connection, type ConnectionOptions, connectionOptions } from "./connection.ts";
import { imageUrls, isAddress } from "./images.ts";

const options = {
  ...connectionOptions,
  model: { type: "string" },
  "max-tokens": { type: "string" },
  temperature: { type: "string" },
  json: { type: "boolean" },
} as const;

/** The options' help, for both commands. */
export const QUESTION_HELP = `  --model MODEL         the model to ask (${MODELS[0]?.id} unless given)
  --max-tokens N        the longest answer, in tokens
  --temperature T       0 always gives the same answer; higher ones vary`;

export interface Question {
  readonly images: readonly string[];
  readonly text: string;
  readonly sampling: {
    readonly model: string;
    readonly max_tokens?: number | undefined;
    readonly temperature?: number | undefined;
  };
  readonly json: boolean;
  readonly connection: ConnectionOptions;
}

/** Reads `IMAGE… "QUESTION"` and its options. Throws a UsageError. */
export function readQuestion(argv: readonly string[]): Question {
  const { values, positionals } = readArguments(argv, options);
  const text = positionals.at(-1);
  if (!text?.trim()) throw new UsageError('there is no question; put it last, in quotes: "What is this?"');
  if (isAddress(text) || existsSync(text)) {
    throw new UsageError(`'${text}' is a picture; put the question after it, in quotes: "What is this?"`);
  }
  const maxTokens = readNumber("max-tokens", values["max-tokens"]);
  const temperature = readNumber("temperature", values.temperature);
  return {
    images: positionals.slice(0, -1),
    text,
    sampling: {
      model: values.model ?? MODELS[0]!.id,
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
      ...(temperature !== undefined && { temperature }),
    },
    json: values.json ?? false,
    connection: { url: values.url, key: values.key },
  };
}

/** The body of `POST /v1/chat/completions`, which is also that of `POST /v1/preflight`. */
export async function questionBody(
  connection: Connection,
  question: Pick<Question, "images" | "text" | "sampling">,
) {
  const urls = await imageUrls(connection, question.images);
  const images = urls.map((url) => ({ type: "image_url", image_url: { url } }));
  const content = [...images, { type: "text", text: question.text }];
  return { ...question.sampling, messages: [{ role: "user", content }] };
}
