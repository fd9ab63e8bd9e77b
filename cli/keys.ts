import { z } from "zod";
import { request, requestJson } from "./api.ts";
import { readArguments, readNumber } from "./arguments.ts";
import { CONNECTION_HELP, type Command, UsageError } from "./command.ts";
import { type Connection, connectionOptions, findConnection } from "./connection.ts";

const key = z.looseObject({
  id: z.string(),
  name: z.string(),
  start: z.string(),
  scopes: z.array(z.string()),
  expires_at: z.number().nullable(),
  revoked_at: z.number().nullable(),
});
const createdKey = key.extend({ key: z.string() });
const keyList = z.looseObject({ data: z.array(key) });

const options = {
  ...connectionOptions,
  name: { type: "string" },
  scope: { type: "string", multiple: true },
  expires: { type: "string" },
  "requests-per-minute": { type: "string" },
  concurrency: { type: "string" },
  json: { type: "boolean" },
} as const;

export interface KeysRequest {
  readonly connection: { readonly url?: string | undefined; readonly key?: string | undefined };
  readonly json: boolean;
  readonly action:
    | { readonly name: "create"; readonly body: Readonly<Record<string, unknown>> }
    | { readonly name: "list" }
    | { readonly name: "revoke"; readonly id: string };
}

export const keys: Command = {
  summary: "make, list and revoke API keys",
  help: `Usage: tessera keys create --name NAME [options]
       tessera keys list
       tessera keys revoke ID

A new key is printed once, alone on standard output.

  --name NAME           what the key is for
  --scope SCOPE         what it may do: infer, jobs or keys:write; repeat it for several (all unless given)
  --expires DATE        when it ends, like 2027-01-31 or 2027-01-31T12:00:00Z (never unless given)
  --requests-per-minute N, --concurrency N
                        its limits
  --json                print the API's whole answer as one line of JSON
${CONNECTION_HELP}`,

  async run(argv) {
    const { connection, json, action } = readKeys(argv);
    const server = findConnection(connection);
    switch (action.name) {
      case "create":
        return create(server, action.body, json);
      case "list":
        return list(server, json);
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
  if (name === "create" && rest.length === 0) {
    if (!values.name) throw new UsageError("a key needs a name: --name NAME");
    const body = {
      name: values.name,
      scopes: values.scope,
      expires_at: readDate(values.expires),
      requests_per_minute: readNumber("requests-per-minute", values["requests-per-minute"]),
      concurrency: readNumber("concurrency", values.concurrency),
    };
    return { ...common, action: { name, body } };
  }
  if (name === "list" && rest.length === 0) return { ...common, action: { name } };
  const [id] = rest;
  if (name === "revoke" && id && rest.length === 1) return { ...common, action: { name, id } };
  if (name === "revoke")
    throw new UsageError("name one key to revoke, by the id that tessera keys list shows");
  throw new UsageError("say what to do with keys: create, list or revoke");
}

/** Unix seconds. */
function readDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new UsageError(`--expires needs a date like 2027-01-31, not '${text}'`);
  return Math.floor(time / 1000);
}

async function create(server: Connection, body: object, json: boolean): Promise<number> {
  const made = await requestJson(server, { method: "POST", path: "/v1/keys", body }, createdKey);
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

async function revoke(server: Connection, id: string, json: boolean): Promise<number> {
  const response = await request(server, { method: "DELETE", path: `/v1/keys/${encodeURIComponent(id)}` });
  console.log(json ? JSON.stringify(await response.json()) : `Key ${id} is revoked.`);
  return 0;
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
