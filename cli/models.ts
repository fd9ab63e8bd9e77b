import { z } from "zod";
import { readAnswer, requestJson } from "./api.ts";
import { apiCommand, examples, print } from "./command.ts";
import { findConnection } from "./connection.ts";
import { paint, table } from "./terminal.ts";

const model = z.looseObject({
  id: z.string(),
  max_images: z.number(),
  context_length: z.number(),
  price: z.looseObject({
    image_token_microcredits: z.number(),
    text_token_microcredits: z.number(),
    output_token_microcredits: z.number(),
  }),
});
const modelList = z.looseObject({ data: z.array(model) });

/** Which models have a ready worker; the server says so with 503 where none has. */
export const readiness = z.looseObject({ models: z.record(z.string(), z.boolean()) });

export function models() {
  return apiCommand("models", "list the models, what they cost, and which are up")
    .addHelpText("after", examples("tessera models"))
    .action(async (options) => {
      const server = findConnection(options);
      const [listed, { models: ready }] = await Promise.all([
        requestJson(server, { method: "GET", path: "/v1/models" }, modelList),
        readAnswer(server.url, "/readyz", readiness),
      ]);
      const data = listed.data.map((each) => ({ ...each, ready: ready[each.id] ?? false }));
      print(options.json, { ...listed, data }, () => describe(data));
    });
}

type ListedModel = z.infer<typeof model> & { readonly ready: boolean };

function describe(models: readonly ListedModel[]): string {
  const headings = ["model", "state", "image token", "text token", "output token", "images", "context"];
  const rows = models.map(({ id, ready, max_images, context_length, price }) => [
    id,
    ready ? paint("green", "up", process.stdout) : paint("yellow", "down", process.stdout),
    price.image_token_microcredits,
    price.text_token_microcredits,
    price.output_token_microcredits,
    max_images,
    context_length,
  ]);
  return [
    ...table(headings, rows),
    "Prices are micro-credits a token; images are those of one request.",
  ].join("\n");
}
