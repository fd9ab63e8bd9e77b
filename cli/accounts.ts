import { z } from "zod";
import { requestJson } from "./api.ts";
import { readArguments, readNumber } from "./arguments.ts";
import { type Command, OPERATOR_HELP, UsageError } from "./command.ts";
import { findOperator, operatorOptions } from "./connection.ts";

const ledger = z.looseObject({
  granted_microcredits: z.number(),
  balance_microcredits: z.number(),
  held_microcredits: z.number(),
  charged_microcredits: z.number(),
});
const opened = z.looseObject({ id: z.string(), key: z.looseObject({ key: z.string() }) });
const account = z.looseObject({
  id: z.string(),
  name: z.string(),
  suspended_at: z.number().nullable(),
  ledger,
});
const accountList = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), name: z.string(), created_at: z.number() })),
});

const options = {
  ...operatorOptions,
  name: { type: "string" },
  credit: { type: "string" },
  id: { type: "string" },
  job: { type: "string" },
  json: { type: "boolean" },
} as const;

/** One request of the operator's, and how its answer is read aloud. */
interface Operation {
  readonly method: "GET" | "POST" | "PATCH";
  readonly path: string;
  readonly body?: object;
  readonly schema: z.ZodType;
  readonly print: (answer: unknown) => string;
}

export const accounts: Command = {
  summary: "the operator's accounts: open, credit, take back, refund, suspend",
  help: `Usage: tessera accounts create --name NAME [--credit N]
       tessera accounts list
       tessera accounts show ACCOUNT
       tessera accounts grant ACCOUNT N --id ID
       tessera accounts take-back ACCOUNT N --id ID
       tessera accounts refund ACCOUNT N --id ID --job JOB
       tessera accounts suspend ACCOUNT
       tessera accounts resume ACCOUNT

Amounts are whole micro-credits; a credit is 1,000,000 of them. A booking's id makes it count once, however often it is sent.

  --name NAME           whose account it is
  --credit N            what it is granted at once (0 unless given)
  --id ID               names the booking
  --job JOB             whose charge is given back: a completion's or job's id
  --json                print the API's whole answer as one line of JSON
${OPERATOR_HELP}`,

  async run(argv) {
    const { connection, json, operation } = readAccounts(argv);
    const { schema, print, ...sent } = operation;
    const answer = await requestJson(findOperator(connection), sent, schema);
    console.log(json ? JSON.stringify(answer) : print(answer));
    return 0;
  },
};

/** Reads the action and its options. Throws a UsageError. */
export function readAccounts(argv: readonly string[]): {
  readonly connection: { readonly url?: string | undefined; readonly adminKey?: string | undefined };
  readonly json: boolean;
  readonly operation: Operation;
} {
  const { values, positionals } = readArguments(argv, options);
  const connection = { url: values.url, adminKey: values["admin-key"] };
  return { connection, json: values.json ?? false, operation: readOperation(values, positionals) };
}

function readOperation(
  values: { name?: string; credit?: string; id?: string; job?: string },
  [action, id, ...rest]: readonly string[],
): Operation {
  const root = "/v1/admin/accounts";
  if (action === "list" && id === undefined) {
    return { method: "GET", path: root, schema: accountList, print: printList };
  }
  if (action === "create" && id === undefined) {
    if (!values.name) throw new UsageError("an account needs a name: --name NAME");
    const body = { name: values.name, credit_microcredits: readNumber("credit", values.credit) ?? 0 };
    return { method: "POST", path: root, body, schema: opened, print: printOpened };
  }
  if (action === undefined || !(action in ACTIONS)) {
    throw new UsageError(
      "say what to do with accounts: create, list, show, grant, take-back, refund, suspend or resume",
    );
  }
  if (!id) throw new UsageError(`name the account, by the id that tessera accounts list shows`);
  const path = `${root}/${encodeURIComponent(id)}`;
  if (action === "show" && rest.length === 0) return { method: "GET", path, schema: account, print };
  if ((action === "suspend" || action === "resume") && rest.length === 0) {
    return { method: "PATCH", path, body: { suspended: action === "suspend" }, schema: account, print };
  }
  const [amount] = rest;
  const kind = ACTIONS[action];
  if (!kind || rest.length !== 1) throw new UsageError(`see tessera accounts --help for '${action}'`);
  if (!values.id) throw new UsageError("a booking needs an id: --id ID");
  if (action === "refund" && !values.job) throw new UsageError("a refund needs a job: --job JOB");
  const body = {
    id: values.id,
    amount_microcredits: readNumber("amount", amount),
    ...(action === "refund" && { job: values.job }),
  };
  return { method: "POST", path: `${path}/${kind}`, body, schema: ledger, print: printLedger };
}

/** The bookings' paths; null for what books nothing. */
const ACTIONS: Readonly<Record<string, string | null>> = {
  show: null,
  suspend: null,
  resume: null,
  grant: "grants",
  "take-back": "take-backs",
  refund: "refunds",
};

function printOpened(answer: unknown): string {
  const { id, key } = opened.parse(answer);
  return `account  ${id}\nkey      ${key.key}  (shown only now)`;
}

function printList(answer: unknown): string {
  return accountList
    .parse(answer)
    .data.map(({ id, name, created_at }) => `${id}  ${day(created_at)}  ${name}`)
    .join("\n");
}

function print(answer: unknown): string {
  const { id, name, suspended_at, ledger } = account.parse(answer);
  const state = suspended_at === null ? "open" : `suspended since ${day(suspended_at)}`;
  return [`account  ${id}`, `name     ${name}`, `state    ${state}`, printLedger(ledger)].join("\n");
}

function printLedger(answer: unknown): string {
  const money = ledger.parse(answer);
  return (["granted", "balance", "held", "charged"] as const)
    .map((name) => `${name.padEnd(9)}${money[`${name}_microcredits`]} micro-credits`)
    .join("\n");
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
