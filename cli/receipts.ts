import { z } from "zod";
import { requestJson } from "./api.ts";
import { readArguments } from "./arguments.ts";
import { CONNECTION_HELP, type Command, UsageError } from "./command.ts";
import { connectionOptions, findConnection } from "./connection.ts";

const receipt = z.object({ id: z.string(), jws: z.string() });
const page = z.object({ data: z.array(receipt), has_more: z.boolean() });

const PAGE = 100;

export const receipts: Command = {
  summary: "print the account's signed receipts, for tessera verify",
  help: `Usage: tessera receipts [ID…]

Prints one receipt a line: the named ones, or all of the account along their chain. With usage:read in the key's scopes.

${CONNECTION_HELP}

Example:
  tessera receipts > receipts.txt
  tessera verify receipts.txt`,

  async run(argv) {
    const { values, positionals } = readArguments(argv, connectionOptions);
    if (positionals.includes("")) throw new UsageError("a receipt's id is not empty");
    const connection = findConnection(values);
    const read = <Value>(path: string, schema: z.ZodType<Value>) =>
      requestJson(connection, { method: "GET", path }, schema);

    for (const id of positionals) {
      console.log((await read(`/v1/receipts/${encodeURIComponent(id)}`, receipt)).jws);
    }
    if (positionals.length > 0) return 0;
    let after = "";
    for (;;) {
      const { data, has_more } = await read(`/v1/receipts?order=asc&limit=${PAGE}${after}`, page);
      for (const { jws } of data) console.log(jws);
      const last = data.at(-1);
      if (!has_more || !last) return 0;
      after = `&after=${encodeURIComponent(last.id)}`;
    }
  },
};
