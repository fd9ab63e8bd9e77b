import { z } from "zod";
import { requestJson } from "./api.ts";
import { day, examples, newCommand, operatorCommand, print, toMicrocredits } from "./command.ts";
import { findOperator } from "./connection.ts";

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

const ROOT = "/v1/admin/accounts";
const pathOf = (id: string) => `${ROOT}/${encodeURIComponent(id)}`;

export function accounts() {
  const create = operatorCommand("create", "open an account and print its first key, for the only time")
    .requiredOption("--name <name>", "whose account it is")
    .option("--credit <n>", "what it is granted at once, in micro-credits", toMicrocredits, 0)
    .addHelpText("after", examples("tessera accounts create --name Ada --credit 5000000"))
    .action(async (options) => {
      const body = { name: options.name, credit_microcredits: options.credit };
      const asked = { method: "POST", path: ROOT, body } as const;
      const made = await requestJson(findOperator(options), asked, opened);
      print(options.json, made, () => `account  ${made.id}\nkey      ${made.key.key}  (shown only now)`);
    });

  const list = operatorCommand("list", "list every account")
    .addHelpText("after", examples("tessera accounts list"))
    .action(async (options) => {
      const listed = await requestJson(findOperator(options), { method: "GET", path: ROOT }, accountList);
      print(options.json, listed, () =>
        listed.data.map(({ id, name, created_at }) => `${id}  ${day(created_at)}  ${name}`).join("\n"),
      );
    });

  const show = operatorCommand("show", "show an account and its money")
    .argument("<account>", "the account, by the id that tessera accounts list shows")
    .addHelpText("after", examples("tessera accounts show AbC123dEf456"))
    .action(async (id, options) => {
      const read = await requestJson(findOperator(options), { method: "GET", path: pathOf(id) }, account);
      print(options.json, read, () => describe(read));
    });

  const refund = booking("refund", "give back what a job was charged, or part of it", "refunds")
    .requiredOption("--job <id>", "whose charge is given back: a completion's or job's id")
    .addHelpText(
      "after",
      examples("tessera accounts refund AbC123dEf456 420 --id ticket-9 --job chatcmpl-1"),
    );

  return newCommand("accounts", "open accounts, grant credit, take it back, refund, suspend")
    .addHelpText("after", "\nAmounts are whole micro-credits; a credit is 1,000,000 of them.")
    .addCommand(create)
    .addCommand(list)
    .addCommand(show)
    .addCommand(
      booking("grant", "add credit", "grants").addHelpText(
        "after",
        examples("tessera accounts grant AbC123dEf456 1000000 --id invoice-7"),
      ),
    )
    .addCommand(
      booking("take-back", "take credit away that is neither held nor charged", "take-backs").addHelpText(
        "after",
        examples("tessera accounts take-back AbC123dEf456 1000000 --id mistake-3"),
      ),
    )
    .addCommand(refund)
    .addCommand(suspension("suspend", "refuse every request of an account", true))
    .addCommand(suspension("resume", "take an account's requests again", false));
}

function booking(name: string, summary: string, path: string) {
  return operatorCommand(name, summary)
    .argument("<account>", "the account, by the id that tessera accounts list shows")
    .argument("<amount>", "micro-credits", toMicrocredits)
    .requiredOption("--id <id>", "names the booking, which counts once, however often it is sent")
    .action(async (id, amount, options: BookingOptions) => {
      const body = { id: options.id, amount_microcredits: amount, ...(options.job && { job: options.job }) };
      const asked = { method: "POST", path: `${pathOf(id)}/${path}`, body } as const;
      const booked = await requestJson(findOperator(options), asked, ledger);
      print(options.json, booked, () => describeLedger(booked));
    });
}

interface BookingOptions {
  readonly id: string;
  /** Of a refund alone. */
  readonly job?: string;
  readonly json?: true;
  readonly url?: string;
  readonly adminKey?: string;
}

function suspension(name: string, summary: string, suspended: boolean) {
  return operatorCommand(name, summary)
    .argument("<account>", "the account, by the id that tessera accounts list shows")
    .addHelpText("after", examples(`tessera accounts ${name} AbC123dEf456`))
    .action(async (id, options) => {
      const asked = { method: "PATCH", path: pathOf(id), body: { suspended } } as const;
      const changed = await requestJson(findOperator(options), asked, account);
      print(options.json, changed, () => describe(changed));
    });
}

function describe({ id, name, suspended_at, ledger: money }: z.infer<typeof account>): string {
  const state = suspended_at === null ? "open" : `suspended since ${day(suspended_at)}`;
  return [`account  ${id}`, `name     ${name}`, `state    ${state}`, describeLedger(money)].join("\n");
}

function describeLedger(money: z.infer<typeof ledger>): string {
  return (["granted", "balance", "held", "charged"] as const)
    .map((name) => `${name.padEnd(9)}${money[`${name}_microcredits`]} micro-credits`)
    .join("\n");
}
