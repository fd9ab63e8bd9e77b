import { z } from "zod";
import { request, requestJson } from "./api.ts";
import { readArguments } from "./arguments.ts";
import { CONNECTION_HELP, type Command, UsageError } from "./command.ts";
import { connectionOptions, findConnection } from "./connection.ts";

const row = z.looseObject({
  start: z.number(),
  key: z.string(),
  model: z.string(),
  status: z.string(),
  requests: z.number(),
  cached_requests: z.number(),
  image_tokens: z.number(),
  text_tokens: z.number(),
  output_tokens: z.number(),
  cost_microcredits: z.number(),
});
const usageList = z.looseObject({
  data: z.array(row),
  total: z.object({ requests: z.number(), cost_microcredits: z.number() }),
});

const options = {
  ...connectionOptions,
  bucket: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  "of-key": { type: "string" },
  model: { type: "string" },
  status: { type: "string" },
  csv: { type: "boolean" },
  json: { type: "boolean" },
} as const;

export const usage: Command = {
  summary: "show what was used and what it cost",
  help: `Usage: tessera usage [options]

  --bucket BUCKET       hour, day or month (day unless given), in UTC
  --from DATE, --to DATE
                        like 2027-01-31 or 2027-01-31T12:00Z; whole hours (the last 30 days unless given)
  --of-key ID, --model MODEL, --status STATUS
                        only these
  --csv                 print CSV
  --json                print the API's whole answer as one line of JSON
${CONNECTION_HELP}`,

  async run(argv) {
    const { values, positionals } = readArguments(argv, options);
    if (positionals.length > 0) throw new UsageError(`'${positionals[0]}' is too much`);
    if (values.csv && values.json) throw new UsageError("give --csv or --json, not both");
    const query = new URLSearchParams(
      Object.entries({
        bucket: values.bucket,
        from: readHour("from", values.from),
        to: readHour("to", values.to),
        key: values["of-key"],
        model: values.model,
        status: values.status,
        format: values.csv ? "csv" : "json",
      }).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const connection = findConnection(values);
    const path = `/v1/usage?${query}`;
    if (values.csv) {
      process.stdout.write(await (await request(connection, { method: "GET", path })).text());
      return 0;
    }
    const read = await requestJson(connection, { method: "GET", path }, usageList);
    console.log(values.json ? JSON.stringify(read) : describe(read));
    return 0;
  },
};

/** A date as the API takes it: Unix seconds in decimal. */
function readHour(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new UsageError(`--${option} needs a date like 2027-01-31, not '${text}'`);
  return String(Math.floor(time / 1000));
}

function describe({ data, total }: z.infer<typeof usageList>): string {
  const lines = data.map((each) => {
    const start = new Date(each.start * 1000).toISOString().slice(0, 16).replace("T", " ");
    const cached = each.cached_requests > 0 ? ` (${each.cached_requests} cached)` : "";
    const tokens = `${each.image_tokens} image + ${each.text_tokens} text + ${each.output_tokens} output tokens`;
    const requests = `${each.requests} requests${cached}`;
    return [
      start,
      each.key,
      each.model,
      each.status,
      requests,
      tokens,
      `${each.cost_microcredits} micro-credits`,
    ].join("  ");
  });
  return [...lines, `total: ${total.requests} requests, ${total.cost_microcredits} micro-credits`].join("\n");
}
