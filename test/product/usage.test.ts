/** Usage: what an account sees of itself, and the operator of all. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Account } from "../helpers/account.ts";
import { EXAMPLE } from "../helpers/examples.ts";
import { acceptJob, endedJob } from "../helpers/jobs.ts";
import { until } from "../helpers/poll.ts";
import { envelope, MODEL, question } from "../helpers/question.ts";
import { newAccount } from "../helpers/shared.ts";
import { tessera } from "../helpers/tessera.ts";

const example = { ...question(EXAMPLE.question, EXAMPLE.bytes), temperature: 0 };

const usage = z.object({
  object: z.literal("list"),
  data: z.array(
    z.object({
      start: z.int(),
      account: z.string().optional(),
      key: z.string(),
      model: z.string(),
      status: z.string(),
      requests: z.int(),
      cached_requests: z.int(),
      image_tokens: z.int(),
      text_tokens: z.int(),
      output_tokens: z.int(),
      cost_microcredits: z.int(),
    }),
  ),
  total: z.object({ requests: z.int(), cost_microcredits: z.int() }),
});

async function usageOf(account: Account, query = "") {
  const response = await account.fetch(`/v1/usage${query}`);
  expect(response.status).toBe(200);
  return usage.parse(await response.json());
}

async function adminUsage(account: Account) {
  const response = await fetch(new URL(`/v1/admin/usage?account=${account.id}`, account.product.url), {
    headers: { authorization: `Bearer ${account.product.adminKey}` },
  });
  expect(response.status).toBe(200);
  return usage.parse(await response.json());
}

describe("usage", () => {
  it("adds up to the ledger, by key, status and time, for the account at once and for the operator soon", async () => {
    const account = await newAccount();
    const { id, key } = await account.makeKey({ name: "second", scopes: ["infer"] });
    const answer = await account.ask(example);
    await account.ask(example);
    const bearer = { authorization: `Bearer ${key}`, "cache-control": "no-store" };
    await account.ask(example, bearer);
    const cut = EXAMPLE.bytes.subarray(0, EXAMPLE.bytes.length / 2);
    const failed = await acceptJob(account, question("What is this?", cut));
    expect((await endedJob(account, failed.id)).status).toBe("failed");
    const { charged } = await account.settledLedger();
    expect(charged).toBe(2 * answer.usage.cost_microcredits);

    const { data, total } = await usageOf(account);
    expect(total).toEqual({ requests: 4, cost_microcredits: charged });
    const { image_tokens, text_tokens } = answer.usage.prompt_tokens_details;
    const output_tokens = answer.usage.completion_tokens;
    const cost_microcredits = answer.usage.cost_microcredits;
    const one = {
      model: MODEL,
      status: "succeeded",
      image_tokens,
      text_tokens,
      output_tokens,
      cost_microcredits,
    };
    const twice = {
      image_tokens: 2 * image_tokens,
      text_tokens: 2 * text_tokens,
      output_tokens: 2 * output_tokens,
    };
    expect(data).toHaveLength(3);
    expect(data).toContainEqual(
      expect.objectContaining({ ...one, key: id, requests: 1, cached_requests: 0 }),
    );
    expect(data).toContainEqual(
      expect.objectContaining({ ...one, ...twice, requests: 2, cached_requests: 1 }),
    );
    expect(data).toContainEqual(
      expect.objectContaining({ status: "failed", requests: 1, cost_microcredits: 0 }),
    );

    for (const bucket of ["hour", "day", "month"]) {
      expect((await usageOf(account, `?bucket=${bucket}`)).total).toEqual(total);
    }
    expect((await usageOf(account, `?key=${id}`)).total).toEqual({ requests: 1, cost_microcredits });
    expect((await usageOf(account, "?status=failed")).total.requests).toBe(1);
    expect((await usageOf(account, "?model=llava-v1.6-34b")).data).toEqual([]);
    expect((await usageOf(account, "?from=0&to=3600")).data).toEqual([]);

    await until("the operator's view", async () => (await adminUsage(account)).total.requests === 4);
    const all = await adminUsage(account);
    expect(all.total).toEqual(total);
    expect(all.data.map(({ account: _, ...row }) => row)).toEqual(data);
    expect(new Set(all.data.map((row) => row.account))).toEqual(new Set([account.id]));
  });

  it("comes as CSV, by header, by parameter and from the command line", async () => {
    const account = await newAccount();
    const { usage } = await account.ask(example);
    const header =
      "start,key,model,status,requests,cached_requests,image_tokens,text_tokens,output_tokens,cost_microcredits";
    const byHeader = await account.fetch("/v1/usage", { headers: { accept: "text/csv" } });
    expect(byHeader.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const text = await byHeader.text();
    const [first, second, rest] = text.split("\r\n");
    expect([first, rest]).toEqual([header, ""]);
    expect(second?.endsWith(`,${usage.cost_microcredits}`)).toBe(true);
    expect(await (await account.fetch("/v1/usage?format=csv")).text()).toBe(text);
    expect(await tessera(account, "usage", "--csv")).toEqual({ code: 0, out: text, err: "" });
    const said = await tessera(account, "usage", "--bucket", "hour");
    expect(said.out).toContain(`total: 1 request, ${usage.cost_microcredits} micro-credits`);
    expect((await tessera(account, "usage", "--from", "yesterday-ish")).code).toBe(2);
  });

  it("needs the scope usage:read, and shows nothing of another account", async () => {
    const [account, other] = await Promise.all([newAccount(), newAccount()]);
    await account.ask(example);
    expect((await usageOf(other)).data).toEqual([]);
    const { key } = await account.makeKey({ name: "no usage", scopes: ["infer", "jobs"] });
    const refused = await account.fetch("/v1/usage", { headers: { authorization: `Bearer ${key}` } });
    expect(refused.status).toBe(403);
  });

  it.each([
    ["?from=1", "from"],
    ["?from=3600.5", "from"],
    ["?from=-3600", "from"],
    ["?to=", "to"],
    ["?to=0xe10", "to"],
    ["?to=999999999999999", "to"],
    ["?from=7200&to=3600", "from"],
    ["?bucket=week", "bucket"],
    ["?status=unknown", "status"],
    ["?format=xml", "format"],
    ["?colour=red", "colour"],
  ])("is refused for %s", async (query, param) => {
    const response = await (await newAccount()).fetch(`/v1/usage${query}`);
    expect(response.status).toBe(400);
    expect(envelope.parse(await response.json()).error.param).toBe(param);
  });
});
