import { z } from "zod";
import { request, requestJson } from "./api.ts";
import { readArguments, readNumber } from "./arguments.ts";
import { CONNECTION_HELP, type Command, UsageError } from "./command.ts";
import { type Connection, connectionOptions, findConnection } from "./connection.ts";

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
const keyList = z.looseObject({ data: z.array(key) });

const options = {
  ...connectionOptions,
  name: { type: "string" },
  scope: { type: "string", multiple: true },
  model: { type: "string", multiple: true },
  expires: { type: "string" },
  "requests-per-minute": { type: "string" },
  "tokens-per-minute": { type: "string" },
  concurrency: { type: "string" },
  budget: { type: "string" },
  "budget-day": { type: "string" },
  "budget-month": { type: "string" },
  overlap: { type: "string" },
  json: { type: "boolean" },
} as const;

export interface KeysRequest {
  readonly connection: { readonly url?: string | undefined; readonly key?: string | undefined };
  readonly json: boolean;
  readonly action:
    | { readonly name: "create"; readonly body: object }
    | { readonly name: "list" }
    | { readonly name: "show" | "revoke"; readonly id: string }
    | { readonly name: "update" | "rotate"; readonly id: string; readonly body: object };
}

export const keys: Command = {
  summary: "make, list, change, rotate and revoke API keys",
  help: `Usage: tessera keys create --name NAME [options]
       tessera keys list
       tessera keys show ID
       tessera keys update ID [options]
       tessera keys rotate ID [--overlap SECONDS]
       tessera keys revoke ID

A new or rotated key is printed once, alone on standard output. No key gives more than it has itself.

  --name NAME           what the key is for
  --scope SCOPE         what it may do: infer, jobs, usage:read, keys:write or webhooks:write; repeat it for several
                        (all that the asking key has unless given)
  --model MODEL         what it may ask; repeat it for several (all that the asking key may unless given)
  --expires DATE        when it ends, like 2027-01-31 or 2027-01-31T12:00:00Z (never unless given)
  --requests-per-minute N, --tokens-per-minute N, --concurrency N
                        its limits
  --budget N, --budget-day N, --budget-month N
                        what it may spend in all, each UTC day and each UTC month, in micro-credits
  --overlap SECONDS     how long a rotated key's former text goes on working (0 unless given)
  --json                print the API's whole answer as one line of JSON
${CONNECTION_HELP}`,

  async run(argv) {
    const { connection, json, action } = readKeys(argv);
    const server = findConnection(connection);
    switch (action.name) {
      case "create":
        return show(await call(server, "POST", "/v1/keys", action.body), json);
      case "list":
        return list(server, json);
      case "show":
        return describe(server, action.id, json);
      case "update":
        return update(server, action.id, action.body, json);
      case "rotate":
        return show(await call(server, "POST", `${pathOf(action.id)}/rotate`, action.body), json);
      case "revoke":
        return revoke(server, action.id, json);
    }
  },
};

/** Reads the action and its options. Throws a UsageError. */
export function readKeys(argv: readonly string[]): KeysRequest {
  const { values, positionals } = readArguments(argv, options);
  const [name, ...rest] = positionals;
  const common = { connection: { url: values.url, key: values.key }, json: values.json ?? false };
  const number = (option: keyof typeof values & string) => {
    const text = values[option];
    return readNumber(option, typeof text === "string" ? text : undefined);
  };
  const budget = {
    total_microcredits: number("budget"),
    day_microcredits: number("budget-day"),
    month_microcredits: number("budget-month"),
  };
  const body = {
    name: values.name,
    scopes: values.scope,
    models: values.model,
    expires_at: readDate(values.expires),
    requests_per_minute: number("requests-per-minute"),
    tokens_per_minute: number("tokens-per-minute"),
    concurrency: number("concurrency"),
    budget: Object.values(budget).some((limit) => limit !== undefined) ? budget : undefined,
  };
  const overlap = number("overlap");
  if (name === "create" && rest.length === 0) {
    if (!values.name) throw new UsageError("a key needs a name: --name NAME");
    return { ...common, action: { name, body } };
  }
  if (name === "list" && rest.length === 0) return { ...common, action: { name } };
  if (name === "show" || name === "update" || name === "rotate" || name === "revoke") {
    const [id] = rest;
    if (!id || rest.length > 1)
      throw new UsageError(`name one key to ${name}, by the id that tessera keys list shows`);
    if (name === "show" || name === "revoke") return { ...common, action: { name, id } };
    if (name === "rotate") return { ...common, action: { name, id, body: { overlap_seconds: overlap } } };
    if (Object.values(body).every((value) => value === undefined))
      throw new UsageError("say what to change, --name for instance");
    return { ...common, action: { name, id, body } };
  }
  throw new UsageError("say what to do with keys: create, list, show, update, rotate or revoke");
}

/** Unix seconds. */
function readDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new UsageError(`--expires needs a date like 2027-01-31, not '${text}'`);
  return Math.floor(time / 1000);
}

const pathOf = (id: string) => `/v1/keys/${encodeURIComponent(id)}`;

function call(server: Connection, method: "POST", path: string, body: object) {
  return requestJson(server, { method, path, body }, shownKey);
}

/** Prints a key's text, which is never shown again. */
function show(made: z.infer<typeof shownKey>, json: boolean): number {
  if (json) {
    console.log(JSON.stringify(made));
    return 0;
  }
  console.error(`Key ${made.id} (${made.scopes.join(", ")}). It is shown only now:`);
  console.log(made.key);
  return 0;
}

async function list(server: Connection, json: boolean): Promise<number> {
  const listed = await requestJson(server, { method: "GET", path: "/v1/keys" }, keyList);
  if (json) {
    console.log(JSON.stringify(listed));
    return 0;
  }
  for (const { id, start, name, scopes, expires_at, revoked_at } of listed.data) {
    const state = revoked_at
      ? `revoked ${day(revoked_at)}`
      : expires_at
        ? `until ${day(expires_at)}`
        : "active";
    console.log([id, `${start}…`, state, scopes.join(","), name].join("  "));
  }
  return 0;
}

async function describe(server: Connection, id: string, json: boolean): Promise<number> {
  const record = await requestJson(server, { method: "GET", path: pathOf(id) }, key);
  console.log(json ? JSON.stringify(record) : table(record));
  return 0;
}

async function update(server: Connection, id: string, body: object, json: boolean): Promise<number> {
  const record = await requestJson(server, { method: "PATCH", path: pathOf(id), body }, key);
  console.log(json ? JSON.stringify(record) : table(record));
  return 0;
}

async function revoke(server: Connection, id: string, json: boolean): Promise<number> {
  const response = await request(server, { method: "DELETE", path: pathOf(id) });
  console.log(json ? JSON.stringify(await response.json()) : `Key ${id} is revoked.`);
  return 0;
}

function table(record: z.infer<typeof key>): string {
  const { budget, used } = record;
  const spent = (period: "total" | "day" | "month") => {
    const limit = budget[`${period}_microcredits`];
    const count = used[`${period}_microcredits`];
    return limit === null ? `${count} micro-credits` : `${count} of ${limit} micro-credits`;
  };
  const tokens = record.tokens_per_minute === null ? "" : `, ${record.tokens_per_minute} tokens a minute`;
  return Object.entries({
    id: record.id,
    name: record.name,
    start: `${record.start}…`,
    scopes: record.scopes.join(", "),
    models: record.models?.join(", ") ?? "all",
    limits: `${record.requests_per_minute} requests a minute${tokens}, ${record.concurrency} at once`,
    "used in all": spent("total"),
    "used today": spent("day"),
    "used this month": spent("month"),
    "last used": record.last_used_at === null ? "never" : day(record.last_used_at),
    expires: record.expires_at === null ? "never" : day(record.expires_at),
    ...(record.revoked_at !== null && { revoked: day(record.revoked_at) }),
  })
    .map(([name, value]) => `${name.padEnd(16)}${value}`)
    .join("\n");
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
