import { z } from "zod";
import { readAnswer, requestJson } from "./api.ts";
import { apiCommand, examples, print } from "./command.ts";
import { findConnection } from "./connection.ts";
import { paint } from "./terminal.ts";

const model = z.looseObject({
  id: z.string(),
  max_images: z.number(),
  context_length: z.number(),
  price: z.looseObject({ image_token_microcredits: z.number(), output_token_microcredits: z.number() }),
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
      print(options.json, { ...listed, data }, () => data.map(line).join("\n"));
    });
}

function line({ id, ready, max_images, context_length, price }: z.infer<typeof model> & { ready: boolean }) {
  const state = ready ? paint("green", "up  ", process.stdout) : paint("yellow", "down", process.stdout);
  const { image_token_microcredits: image, output_token_microcredits: output } = price;
  return `${id.padEnd(24)}${state}  ${image} an image token, ${output} an output token; ${max_images} images, ${context_length} tokens`;
}
