import { z } from "zod";
import { requestJson } from "./api.ts";
import { readArguments, readNumber } from "./arguments.ts";
import { type Command, OPERATOR_HELP, UsageError } from "./command.ts";
import { findOperator, operatorOptions } from "./connection.ts";

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

const options = {
  ...operatorOptions,
  "image-token": { type: "string" },
  "text-token": { type: "string" },
  "output-token": { type: "string" },
  "cache-hit": { type: "string" },
  minimum: { type: "string" },
  at: { type: "string" },
  json: { type: "boolean" },
} as const;

export const prices: Command = {
  summary: "the operator's price book: list versions, add one",
  help: `Usage: tessera prices list
       tessera prices set MODEL --image-token N --text-token N --output-token N [options]

Amounts are whole micro-credits. A version takes effect everywhere at one moment, a minute ahead at the earliest; requests that
were accepted before keep their price.

  --cache-hit N         a cached answer, whatever its tokens (0 unless given)
  --minimum N           the least that an answer costs which is not cached (0 unless given)
  --at DATE             when it takes effect, like 2027-01-31T00:00:00Z (in a minute unless given)
  --json                print the API's whole answer as one line of JSON
${OPERATOR_HELP}`,

  async run(argv) {
    const { values, positionals } = readArguments(argv, options);
    const [action, model, ...rest] = positionals;
    const operator = () => findOperator({ url: values.url, adminKey: values["admin-key"] });
    const path = "/v1/admin/prices";
    if (action === "list" && model === undefined) {
      const listed = await requestJson(operator(), { method: "GET", path }, priceList);
      console.log(values.json ? JSON.stringify(listed) : listed.data.map(line).join("\n"));
      return 0;
    }
    if (action !== "set" || !model || rest.length > 0) {
      throw new UsageError("say what to do with prices: list, or set MODEL");
    }
    const body = {
      model,
      image_token_microcredits: required("image-token", values["image-token"]),
      text_token_microcredits: required("text-token", values["text-token"]),
      output_token_microcredits: required("output-token", values["output-token"]),
      cache_hit_microcredits: readNumber("cache-hit", values["cache-hit"]),
      minimum_microcredits: readNumber("minimum", values.minimum),
      effective_at: readTime(values.at),
    };
    const added = await requestJson(operator(), { method: "POST", path, body }, price);
    console.log(values.json ? JSON.stringify(added) : line(added));
    return 0;
  },
};

function required(option: string, text: string | undefined): number {
  const value = readNumber(option, text);
  if (value === undefined) throw new UsageError(`a price needs --${option} N`);
  return value;
}

/** Unix seconds. */
function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new UsageError(`--at needs a date like 2027-01-31T00:00:00Z, not '${text}'`);
  return Math.floor(time / 1000);
}

function line(each: z.infer<typeof price>): string {
  const { image_token_microcredits: image, text_token_microcredits: text } = each;
  const since = each.effective_at === 0 ? "" : `, from ${new Date(each.effective_at * 1000).toISOString()}`;
  return `${each.version}: ${image} an image token, ${text} a text token, ${each.output_token_microcredits} an output token, ${each.cache_hit_microcredits} a cached answer, at least ${each.minimum_microcredits}${since}`;
}
