import { z } from "zod";
import { requestJson } from "./api.ts";
import { examples, print } from "./command.ts";
import { findConnection } from "./connection.ts";
import { questionBody, questionCommand, readQuestion } from "./question.ts";

const size = z.tuple([z.number(), z.number()]);

/** What is read of the answer of `POST /v1/preflight`; all of it is kept. */
export const preflightResult = z.looseObject({
  model: z.string(),
  prompt_tokens: z.number(),
  image_tokens: z.number(),
  text_tokens: z.number(),
  max_tokens: z.number(),
  max_cost_microcredits: z.number(),
  images: z.array(
    z.looseObject({
      width: z.number(),
      height: z.number(),
      grid: size.nullable(),
      tiles: z.number(),
      tokens: z.looseObject({ total: z.number() }),
    }),
  ),
});

export function preflight() {
  return questionCommand("preflight", "count a question's tokens and its highest cost, without asking it")
    .addHelpText(
      "after",
      `
It reads only an image's header, which holds its size: damage further on is found by ask.
${examples('tessera preflight models/tessera-tiny/examples/star.png "What color is the star?"')}`,
    )
    .action(async (words, options) => {
      const question = readQuestion(words, options);
      const connection = findConnection(options);
      const body = await questionBody(connection, question);
      const result = await requestJson(
        connection,
        { method: "POST", path: "/v1/preflight", body },
        preflightResult,
      );
      print(options.json, result, () => describe(result, question.images));
    });
}

function describe(result: z.infer<typeof preflightResult>, names: readonly string[]): string {
  const images = result.images.map(({ width, height, grid, tiles, tokens }, index) => {
    const canvas = grid ? `, on a grid of ${grid.join("×")}` : "";
    return `${names[index]}: ${width}×${height}${canvas}, ${tiles} tiles, ${tokens.total} tokens`;
  });
  return [
    ...images,
    `prompt: ${result.image_tokens} image + ${result.text_tokens} text = ${result.prompt_tokens} tokens`,
    `answer: at most ${result.max_tokens} tokens`,
    `cost:   at most ${result.max_cost_microcredits} micro-credits with ${result.model}`,
  ].join("\n");
}
