import { expect, it } from "vitest";
import { toCsv } from "./csv.ts";

it("writes CSV as RFC 4180 has it", () => {
  const rows = [
    { name: "plain", cost: 1 },
    { name: 'a "quoted", cell', cost: 2 },
  ];
  expect(toCsv(rows, ["name", "cost"])).toBe('name,cost\r\nplain,1\r\n"a ""quoted"", cell",2\r\n');
});
