import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUCKETS, bucketOf, sumBuckets, toCsv } from "./report.ts";

const HOUR = 3_600_000;

const row = fc.record({
  hour: fc.integer({ min: 0, max: 24 * 800 }).map((hours) => Date.UTC(2026, 0, 1) + hours * HOUR),
  account: fc.constantFrom("a", "b"),
  key: fc.constantFrom("key_1", "key_2"),
  model: fc.constantFrom("tessera-tiny", "llava-v1.6-34b"),
  status: fc.constantFrom("succeeded", "failed"),
  requests: fc.nat(1000),
  cached: fc.nat(10),
  imageTokens: fc.nat(100_000),
  textTokens: fc.nat(1000),
  outputTokens: fc.nat(1000),
  charge: fc.nat(1_000_000),
});

describe("buckets", () => {
  it.each([
    ["hour", "2026-11-22T21:00:00Z"],
    ["day", "2026-11-22T00:00:00Z"],
    ["month", "2026-11-01T00:00:00Z"],
  ] as const)("begin in UTC: %s", (bucket, begin) => {
    expect(bucketOf(Date.parse("2026-11-22T21:00:00Z"), bucket)).toBe(Date.parse(begin));
  });

  it("lose and invent nothing, and hold each account, key, model and status once", () => {
    fc.assert(
      fc.property(fc.array(row), fc.constantFrom(...BUCKETS), (rows, bucket) => {
        const sums = sumBuckets(rows, bucket);
        for (const field of [
          "requests",
          "cached",
          "imageTokens",
          "textTokens",
          "outputTokens",
          "charge",
        ] as const) {
          const total = (of: typeof rows) => of.reduce((sum, each) => sum + each[field], 0);
          expect(total(sums)).toBe(total(rows));
        }
        const names = sums.map(({ hour, account, key, model, status }) =>
          [hour, account, key, model, status].join(),
        );
        expect(new Set(names).size).toBe(names.length);
        for (const { hour } of sums) expect(bucketOf(hour, bucket)).toBe(hour);
      }),
    );
  });
});

it("writes CSV as RFC 4180 has it", () => {
  const rows = [
    { name: "plain", cost: 1 },
    { name: 'a "quoted", cell', cost: 2 },
  ];
  expect(toCsv(rows, ["name", "cost"])).toBe('name,cost\r\nplain,1\r\n"a ""quoted"", cell",2\r\n');
});
