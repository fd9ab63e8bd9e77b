import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { z } from "zod";
import { MODELS } from "../core/models.ts";
import { requestJson } from "./api.ts";
import {
  apiCommand,
  day,
  examples,
  newCommand,
  print,
  toCount,
  toKeyId,
  toList,
  toMicrocredits,
  toNumber,
  toTime,
  UsageError,
} from "./command.ts";
import { type Connection, findConnection } from "./connection.ts";

const amount = z.number().nullable();
const key = z.looseObject({
  id: z.string(),
  name: z.string(),
  start: z.string(),
  scopes: z.array(z.string()),
  models: z.array(z.string()).nullable(),
  requests_per_minute: z.number(),
  tokens_per_minute: z.number().nullable(),
  concurrency: z.number(),
  budget: z.looseObject({ total_microcredits: amount, day_microcredits: amount, month_microcredits: amount }),
  used: z.looseObject({
    total_microcredits: z.number(),
    day_microcredits: z.number(),
    month_microcredits: z.number(),
  }),
  expires_at: z.number().nullable(),
  last_used_at: z.number().nullable(),
  revoked_at: z.number().nullable(),
});
const shownKey = key.extend({ key: z.string() });
const keyPage = z.looseObject({ data: z.array(key), has_more: z.boolean() });

/** The account's keys, asked for page by page. */
async function allKeys(connection: Connection): Promise<z.infer<typeof key>[]> {
  const data: z.infer<typeof key>[] = [];
  for (;;) {
    const last = data.at(-1);
    const path = `/v1/keys${last ? `?after=${encodeURIComponent(last.id)}` : ""}`;
    const page = await requestJson(connection, { method: "GET", path }, keyPage);
    data.push(...page.data);
    if (!page.has_more) return data;
  }
}

/** A command with the options of a key. */
function keyOptionsCommand(name: string, summary: string) {
  return apiCommand(name, summary)
    .addOption(
      new Option("--scope <scope>", "what it may do; repeat it for several")
        .choices(SCOPES)
        .argParser(toScopes),
    )
    .addOption(
      new Option("--model <model>", "what it may ask; repeat it for several")
        .choices(MODELS.map(({ id }) => id))
        .argParser(toList),
    )
    .option("--expires <date>", "when it ends, like 2027-01-31 or 2027-01-31T12:00:00Z", toTime)
    .option("--requests-per-minute <n>", "how often it may ask", toCount)
    .option("--tokens-per-minute <n>", "how much it may ask", toCount)
    .option("--concurrency <n>", "how many requests it may have open at once", toCount)
    .option("--budget <n>", "what it may spend in all, in micro-credits", toMicrocredits)
    .option("--budget-day <n>", "the same each UTC day", toMicrocredits)
    .option("--budget-month <n>", "the same each UTC month", toMicrocredits);
}

const SCOPES = ["infer", "jobs", "usage:read", "keys:write", "webhooks:write"];

function toScopes(text: string, former: string[] | undefined): string[] {
  if (SCOPES.includes(text)) return toList(text, former);
  throw new InvalidArgumentError(`Scopes are ${SCOPES.join(", ")}.`);
}

interface KeyOptions {
  readonly name?: string;
  readonly scope?: string[];
  readonly model?: string[];
  readonly expires?: number;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrency?: number;
  readonly budget?: number;
  readonly budgetDay?: number;
  readonly budgetMonth?: number;
}

/** A key's options as the API takes them; undefined for what was not given. */
function keyBody(options: KeyOptions) {
  const budget = {
    total_microcredits: options.budget,
    day_microcredits: options.budgetDay,
    month_microcredits: options.budgetMonth,
  };
  return {
    name: options.name,
    scopes: options.scope,
    models: options.model,
    expires_at: options.expires,
    requests_per_minute: options.requestsPerMinute,
    tokens_per_minute: options.tokensPerMinute,
    concurrency: options.concurrency,
    budget: Object.values(budget).some((limit) => limit !== undefined) ? budget : undefined,
  };
}

export function keys() {
  const create = keyOptionsCommand("create", "make a key and print it, for the only time")
    .requiredOption("--name <name>", "what the key is for")
    .addHelpText(
      "after",
      `
A new key has what the asking one has, unless options say less; it never ends unless given. The key stands alone on
standard output.
${examples("tessera keys create --name ci --scope infer --budget-day 1000000")}`,
    )
    .action(async (options) => {
      const path = "/v1/keys";
      const asked = { method: "POST", path, body: keyBody(options) } as const;
      show(await requestJson(findConnection(options), asked, shownKey), options.json);
    });

  const list = apiCommand("list", "list the account's keys")
    .addHelpText("after", examples("tessera keys list"))
    .action(async (options) => {
      const data = await allKeys(findConnection(options));
      print(options.json, { object: "list", data }, () => data.map(line).join("\n"));
    });

  const read = apiCommand("show", "show a key's options and what it has used")
    .argument("<id>", "the key, by the id that tessera keys list shows", toKeyId)
    .addHelpText("after", examples("tessera keys show key_0123456789abcdef"))
    .action(async (id, options) => {
      const record = await requestJson(findConnection(options), { method: "GET", path: pathOf(id) }, key);
      print(options.json, record, () => table(record));
    });

  const update = keyOptionsCommand("update", "change a key's options")
    .argument("<id>", "the key, by the id that tessera keys list shows", toKeyId)
    .option("--name <name>", "what the key is for")
    .addHelpText("after", examples("tessera keys update key_0123456789abcdef --budget-day 2000000"))
    .action(async (id, options) => {
      const body = keyBody(options);
      if (Object.values(body).every((value) => value === undefined)) {
        throw new UsageError("say what to change, --name for instance");
      }
      const asked = { method: "PATCH", path: pathOf(id), body } as const;
      const record = await requestJson(findConnection(options), asked, key);
      print(options.json, record, () => table(record));
    });

  const rotate = apiCommand("rotate", "give a key a new text and print it, for the only time")
    .argument("<id>", "the key, by the id that tessera keys list shows", toKeyId)
    .option("--overlap <seconds>", "how long the former text goes on working (0 unless given)", toNumber)
    .addHelpText("after", examples("tessera keys rotate key_0123456789abcdef --overlap 3600"))
    .action(async (id, options) => {
      const body = { overlap_seconds: options.overlap };
      const asked = { method: "POST", path: `${pathOf(id)}/rotate`, body } as const;
      show(await requestJson(findConnection(options), asked, shownKey), options.json);
    });

  const revoke = apiCommand("revoke", "end a key, from its next request on and for good")
    .argument("<id>", "the key, by the id that tessera keys list shows", toKeyId)
    .addHelpText("after", examples("tessera keys revoke key_0123456789abcdef"))
    .action(async (id, options) => {
      const asked = { method: "DELETE", path: pathOf(id) } as const;
      const answer = await requestJson(findConnection(options), asked, z.unknown());
      print(options.json, answer, () => `Key ${id} is revoked.`);
    });

  return newCommand("keys", "make, list, change, rotate and revoke API keys")
    .addHelpText(
      "after",
      `
No key gives more than it has itself, nor manages one that does not descend from it; the account's first key manages
all. The asking key needs the scope keys:write.`,
    )
    .addCommand(create)
    .addCommand(list)
    .addCommand(read)
    .addCommand(update)
    .addCommand(rotate)
    .addCommand(revoke);
}

const pathOf = (id: string) => `/v1/keys/${encodeURIComponent(id)}`;

/** Prints a key's text, which is never shown again. */
function show(made: z.infer<typeof shownKey>, json: boolean | undefined): void {
  if (!json) console.error(`Key ${made.id} (${made.scopes.join(", ")}). It is shown only now:`);
  print(json, made, () => made.key);
}

function line(record: z.infer<typeof key>): string {
  const { id, start, name, scopes, expires_at, revoked_at } = record;
  const state = revoked_at
    ? `revoked ${day(revoked_at)}`
    : expires_at
      ? `until ${day(expires_at)}`
      : "active";
  return [id, `${start}…`, state, scopes.join(","), `spent ${spent(record, "total")}`, name].join("  ");
}

/** What a key has spent, and of which budget. */
function spent({ budget, used }: z.infer<typeof key>, period: "total" | "day" | "month"): string {
  const limit = budget[`${period}_microcredits`];
  const count = used[`${period}_microcredits`];
  return limit === null ? `${count} micro-credits` : `${count} of ${limit} micro-credits`;
}

function table(record: z.infer<typeof key>): string {
  const tokens = record.tokens_per_minute === null ? "" : `, ${record.tokens_per_minute} tokens a minute`;
  return Object.entries({
    id: record.id,
    name: record.name,
    start: `${record.start}…`,
    scopes: record.scopes.join(", "),
    models: record.models?.join(", ") ?? "all",
    limits: `${record.requests_per_minute} requests a minute${tokens}, ${record.concurrency} at once`,
    "used in all": spent(record, "total"),
    "used today": spent(record, "day"),
    "used this month": spent(record, "month"),
    "last used": record.last_used_at === null ? "never" : day(record.last_used_at),
    expires: record.expires_at === null ? "never" : day(record.expires_at),
    ...(record.revoked_at !== null && { revoked: day(record.revoked_at) }),
  })
    .map(([name, value]) => `${name.padEnd(16)}${value}`)
    .join("\n");
}
