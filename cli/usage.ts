import { Option } from "@commander-js/extra-typings";
import { z } from "zod";
import { request, requestJson } from "./api.ts";
import { apiCommand, counted, examples, print, toTime } from "./command.ts";
import { findConnection } from "./connection.ts";
import { modelOption } from "./question.ts";

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

export function usage() {
  return apiCommand("usage", "show what was used and what it cost")
    .addOption(
      new Option("--bucket <bucket>", "in UTC")
        .choices(["hour", "day", "month"] as const)
        .default("day" as const),
    )
    .option(
      "--from <date>",
      "like 2027-01-31 or 2027-01-31T12:00Z, a whole hour (30 days ago unless given)",
      toTime,
    )
    .option("--to <date>", "the hour before which it ends (now unless given)", toTime)
    .option("--of-key <id>", "only this key's")
    .addOption(modelOption("only this model's"))
    .option("--status <status>", "only requests that ended so")
    .addOption(new Option("--csv", "print CSV").conflicts("json"))
    .addHelpText("after", examples("tessera usage", "tessera usage --bucket month --csv > usage.csv"))
    .action(async (options) => {
      const query = new URLSearchParams(
        Object.entries({
          bucket: options.bucket,
          from: options.from?.toString(),
          to: options.to?.toString(),
          key: options.ofKey,
          model: options.model,
          status: options.status,
          format: options.csv ? "csv" : "json",
        }).filter((entry): entry is [string, string] => entry[1] !== undefined),
      );
      const connection = findConnection(options);
      const path = `/v1/usage?${query}`;
      if (options.csv) {
        process.stdout.write(await (await request(connection, { method: "GET", path })).text());
        return;
      }
      const read = await requestJson(connection, { method: "GET", path }, usageList);
      print(options.json, read, () => describe(read, options.bucket));
    });
}

/** Two lines for each row, so that they fit a terminal. */
function describe({ data, total }: z.infer<typeof usageList>, bucket: keyof typeof DATE_LENGTHS): string {
  const length = DATE_LENGTHS[bucket];
  const lines = data.map((each) => {
    const start = new Date(each.start * 1000).toISOString().slice(0, length).replace("T", " ");
    const cached = each.cached_requests > 0 ? ` (${each.cached_requests} cached)` : "";
    const tokens = `${each.image_tokens} image + ${each.text_tokens} text + ${each.output_tokens} output tokens`;
    return [
      [start, each.model, each.status, each.key].join("  "),
      `  ${counted(each.requests, "request")}${cached}, ${tokens}, ${each.cost_microcredits} micro-credits`,
    ].join("\n");
  });
  const sum = `total: ${counted(total.requests, "request")}, ${total.cost_microcredits} micro-credits`;
  return [...lines, sum].join("\n");
}

/** How much of 2027-01-31T12:00 tells a bucket's start. */
const DATE_LENGTHS = { hour: 16, day: 10, month: 7 } as const;
