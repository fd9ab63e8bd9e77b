import { expect, it } from "vitest";
import type { ApiKey } from "./key.ts";
import { changedOptions, EMPTY, fieldsOf } from "./key-fields.ts";

const KEY: ApiKey = {
  id: "key_1",
  name: "website",
  start: "tsr_1",
  scopes: ["infer", "jobs"],
  models: ["tessera-tiny"],
  budget: { total_microcredits: null, month_microcredits: 2_500_000, day_microcredits: 1 },
  used: { total_microcredits: 0, month_microcredits: 0, day_microcredits: 0 },
  expires_at: Date.UTC(2030, 0, 1, 12) / 1000,
  last_used_at: null,
  revoked_at: null,
};

it("changes nothing that was not touched, not even an end in the middle of a day", () => {
  const fields = fieldsOf(KEY);
  expect(fields).toMatchObject({
    expires: "2030-01-01",
    budget: { total: "", month: "2.5", day: "0.000001" },
  });
  expect(changedOptions(fields, fields)).toEqual({});
  expect(changedOptions(fields, { ...fields, models: [], expires: "" })).toEqual({
    models: null,
    expires_at: null,
  });
  expect(changedOptions(fields, { ...fields, budget: { ...fields.budget, month: "", day: "3" } })).toEqual({
    budget: { month_microcredits: null, day_microcredits: 3_000_000 },
  });
});

it("asks for what was filled in, to the end of the last day", () => {
  expect(changedOptions(EMPTY, { ...EMPTY, name: " ci ", scopes: ["infer"], expires: "2030-01-01" })).toEqual(
    {
      name: "ci",
      scopes: ["infer"],
      expires_at: Date.UTC(2030, 0, 2) / 1000,
    },
  );
});
