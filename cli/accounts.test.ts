import { describe, expect, it } from "vitest";
import { readAccounts } from "./accounts.ts";
import { UsageError } from "./command.ts";

describe("readAccounts", () => {
  it.each([
    [["list"], "GET", "/v1/admin/accounts", undefined],
    [["show", "a1"], "GET", "/v1/admin/accounts/a1", undefined],
    [
      ["create", "--name", "Ada", "--credit", "5000000"],
      "POST",
      "/v1/admin/accounts",
      { name: "Ada", credit_microcredits: 5_000_000 },
    ],
    [
      ["grant", "a1", "500", "--id", "invoice-7"],
      "POST",
      "/v1/admin/accounts/a1/grants",
      { id: "invoice-7", amount_microcredits: 500 },
    ],
    [
      ["take-back", "a1", "500", "--id", "b"],
      "POST",
      "/v1/admin/accounts/a1/take-backs",
      { id: "b", amount_microcredits: 500 },
    ],
    [
      ["refund", "a1", "5", "--id", "c", "--job", "chatcmpl-1"],
      "POST",
      "/v1/admin/accounts/a1/refunds",
      { id: "c", amount_microcredits: 5, job: "chatcmpl-1" },
    ],
    [["suspend", "a1"], "PATCH", "/v1/admin/accounts/a1", { suspended: true }],
    [["resume", "a1"], "PATCH", "/v1/admin/accounts/a1", { suspended: false }],
  ])("reads %j", (argv, method, path, body) => {
    const { operation } = readAccounts(argv);
    expect([operation.method, operation.path, operation.body]).toEqual([method, path, body]);
  });

  it.each([
    [[], "say what to do"],
    [["remove", "a1"], "say what to do"],
    [["create"], "--name"],
    [["show"], "name the account"],
    [["grant", "a1", "500"], "--id"],
    [["grant", "a1", "--id", "x"], "--help"],
    [["grant", "a1", "much", "--id", "x"], "not 'much'"],
    [["refund", "a1", "5", "--id", "x"], "--job"],
  ])("refuses %j", (argv, message) => {
    expect(() => readAccounts(argv)).toThrow(UsageError);
    expect(() => readAccounts(argv)).toThrow(message);
  });
});
