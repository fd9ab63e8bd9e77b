import { z } from "zod";
import { requestJson } from "./api.ts";
import { apiCommand, examples, print, UsageError } from "./command.ts";
import { findConnection } from "./connection.ts";

const receipt = z.looseObject({ id: z.string(), jws: z.string() });
const page = z.object({ data: z.array(receipt), has_more: z.boolean() });

const PAGE = 100;

export function receipts() {
  return apiCommand("receipts", "print the account's signed receipts, for tessera verify")
    .argument("[id...]", "the receipts to print; all of the account, along their chain, unless given")
    .addHelpText(
      "after",
      `
Prints one receipt a line; with --json one object a line. The key needs the scope usage:read.
${examples("tessera receipts > receipts.txt", "tessera verify receipts.txt")}`,
    )
    .action(async (ids, options) => {
      if (ids.includes("")) throw new UsageError("a receipt's id is not empty");
      const connection = findConnection(options);
      const read = <Value>(path: string, schema: z.ZodType<Value>) =>
        requestJson(connection, { method: "GET", path }, schema);

      for (const id of ids) {
        const found = await read(`/v1/receipts/${encodeURIComponent(id)}`, receipt);
        print(options.json, found, () => found.jws);
      }
      if (ids.length > 0) return;
      let after = "";
      for (;;) {
        const { data, has_more } = await read(`/v1/receipts?order=asc&limit=${PAGE}${after}`, page);
        for (const each of data) print(options.json, each, () => each.jws);
        const last = data.at(-1);
        if (!has_more || !last) return;
        after = `&after=${encodeURIComponent(last.id)}`;
      }
    });
}
