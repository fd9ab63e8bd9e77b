import { z } from "zod";
import { requestJson } from "./api.ts";
import { examples, newCommand, operatorCommand, print, toMicrocredits, toTime } from "./command.ts";
import { findOperator } from "./connection.ts";
import { table } from "./terminal.ts";

const price = z.looseObject({
  version: z.string(),
  image_token_microcredits: z.number(),
  text_token_microcredits: z.number(),
  output_token_microcredits: z.number(),
  cache_hit_microcredits: z.number(),
  minimum_microcredits: z.number(),
  effective_at: z.number(),
});
const priceList = z.looseObject({ data: z.array(price) });

const PATH = "/v1/admin/prices";

export function prices() {
  const list = operatorCommand("list", "list every version")
    .addHelpText("after", examples("tessera prices list"))
    .action(async (options) => {
      const listed = await requestJson(findOperator(options), { method: "GET", path: PATH }, priceList);
      print(options.json, listed, () => describe(listed.data));
    });

  const set = operatorCommand("set", "add a version of a model's price")
    .argument("<model>", "the model's id")
    .requiredOption("--image-token <n>", "an image token's price", toMicrocredits)
    .requiredOption("--text-token <n>", "a text token's price", toMicrocredits)
    .requiredOption("--output-token <n>", "an output token's price", toMicrocredits)
    .option("--cache-hit <n>", "a cached answer's, whatever its tokens (0 unless given)", toMicrocredits)
    .option(
      "--minimum <n>",
      "the least that an answer costs which is not cached (0 unless given)",
      toMicrocredits,
    )
    .option(
      "--at <date>",
      "when it takes effect, like 2027-01-31T00:00:00Z (in a minute unless given)",
      toTime,
    )
    .addHelpText("after", SET_ABOUT)
    .addHelpText(
      "after",
      examples("tessera prices set tessera-tiny --image-token 1 --text-token 1 --output-token 4"),
    )
    .action(async (model, options) => {
      const body = {
        model,
        image_token_microcredits: options.imageToken,
        text_token_microcredits: options.textToken,
        output_token_microcredits: options.outputToken,
        cache_hit_microcredits: options.cacheHit,
        minimum_microcredits: options.minimum,
        effective_at: options.at,
      };
      const added = await requestJson(findOperator(options), { method: "POST", path: PATH, body }, price);
      print(options.json, added, () => describe([added]));
    });

  return newCommand("prices", "the price book: list versions, add one").addCommand(list).addCommand(set);
}

const SET_ABOUT = `
Amounts are whole micro-credits. A version takes effect everywhere at one moment, a minute ahead at the earliest;
requests that were accepted before keep their price.`;

function describe(versions: readonly z.infer<typeof price>[]): string {
  const headings = ["version", "image token", "text token", "output token", "cached answer", "least", "from"];
  const rows = versions.map((each) => [
    each.version,
    each.image_token_microcredits,
    each.text_token_microcredits,
    each.output_token_microcredits,
    each.cache_hit_microcredits,
    each.minimum_microcredits,
    each.effective_at === 0 ? "the beginning" : new Date(each.effective_at * 1000).toISOString(),
  ]);
  return [...table(headings, rows), "Amounts are micro-credits."].join("\n");
}
