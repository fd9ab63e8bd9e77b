/** Long requests: accepted at once, answered once, announced by a signed webhook. */
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { EXAMPLE } from "../helpers/examples.ts";
import { acceptJob, endedJob, jobPage, readJob } from "../helpers/jobs.ts";
import { until } from "../helpers/poll.ts";
import { envelope, question } from "../helpers/question.ts";
import { newAccount } from "../helpers/shared.ts";
import { WebhookReceiver } from "../helpers/webhook-receiver.ts";

const example = { ...question(EXAMPLE.question, EXAMPLE.bytes), temperature: 0 };
const NO_STORE = { "cache-control": "no-store" };

const event = z.strictObject({
  id: z.string().startsWith("evt_"),
  object: z.literal("event"),
  type: z.enum(["job.succeeded", "job.failed", "job.canceled"]),
  created_at: z.int(),
  data: z.strictObject({ id: z.string(), object: z.literal("job"), status: z.string() }),
});

const deliveries = z.object({
  data: z.array(
    z.object({
      id: z.string().startsWith("evt_"),
      about: z.string(),
      type: z.string(),
      url: z.string(),
      status: z.string(),
      attempts: z.int(),
    }),
  ),
});

describe("a job", () => {
  it("ends with the answer that the same question gets at once", async () => {
    const account = await newAccount();
    const atOnce = await account.ask(example, NO_STORE);
    const before = await account.settledLedger();

    const accepted = await acceptJob(account, example, NO_STORE);
    expect(accepted).toMatchObject({ model: example.model, status: "queued", result: null, error: null });
    const ended = await endedJob(account, accepted.id);
    expect(ended).toMatchObject({ status: "succeeded", attempt: 1, error: null });
    expect(ended.result?.choices).toEqual(atOnce.choices);
    expect(ended.result?.usage).toEqual(atOnce.usage);
    expect(ended.cost_microcredits).toBe(atOnce.usage.cost_microcredits);
    const after = await account.settledLedger();
    expect(after.charged - before.charged).toBe(ended.cost_microcredits);
  });

  it("costs nothing when its answer is cached, though the credit left would not cover the worst case", async () => {
    const counted = await (await newAccount()).count(example);
    const account = await newAccount(counted.max_cost_microcredits);
    await account.ask(example);
    const { charged } = await account.settledLedger();

    const { id } = await acceptJob(account, example);
    expect(await endedJob(account, id)).toMatchObject({ status: "succeeded", cost_microcredits: 0 });
    expect(await account.settledLedger()).toMatchObject({ charged });
  });

  it("is announced by one webhook, signed with the account's secret", async () => {
    const account = await newAccount();
    await using receiver = await WebhookReceiver.open();
    const { id } = await acceptJob(account, { ...example, webhook: receiver.url });
    await until("the webhook", () => receiver.received.length > 0);
    const [first] = receiver.received;
    const verified: unknown = new Webhook(account.webhookSecret).verify(first!.body, first!.headers);
    expect(event.parse(verified)).toMatchObject({
      id: first!.headers["webhook-id"],
      type: "job.succeeded",
      data: { id, status: "succeeded" },
    });
    expect(() =>
      new Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").verify(first!.body, first!.headers),
    ).toThrow();
    // The job is over when the webhook comes, and a second job's webhook comes after any repetition would.
    expect((await endedJob(account, id)).status).toBe("succeeded");
    await acceptJob(account, { ...example, webhook: receiver.url });
    await until("the second job's webhook", () => receiver.received.length > 1);
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(2);
    expect(receiver.received.length).toBe(2);
  });

  it("repeats a webhook that was not taken, under the same id", async () => {
    const account = await newAccount();
    await using receiver = await WebhookReceiver.open(500);
    await acceptJob(account, { ...example, webhook: receiver.url });
    await until("the repeated webhook", () => receiver.received.length > 1);
    const [failed, taken] = receiver.received;
    expect(taken!.body).toBe(failed!.body);
    expect(taken!.headers["webhook-id"]).toBe(failed!.headers["webhook-id"]);
    const times = receiver.received.map(({ headers }) => Number(headers["webhook-timestamp"]));
    expect(times[1]).toBeGreaterThanOrEqual(times[0]! + 4);
    new Webhook(account.webhookSecret).verify(taken!.body, taken!.headers);
  });

  it("has its webhook listed among the account's events, and sent once more when asked", async () => {
    const account = await newAccount();
    await using receiver = await WebhookReceiver.open(410);
    const { id } = await acceptJob(account, { ...example, webhook: receiver.url });
    const delivery = await until("the refusal", async () => {
      const response = await account.fetch("/v1/webhooks/deliveries");
      const { data } = deliveries.parse(await response.json());
      return data[0]?.status === "given_up" && data[0];
    });
    expect(delivery).toMatchObject({ about: id, type: "job.succeeded", url: receiver.url, attempts: 1 });
    const path = `/v1/webhooks/deliveries/${delivery.id}/redeliver`;
    expect(await (await account.post(path, {})).json()).toMatchObject({ id: delivery.id, status: "pending" });
    await until("the repeated webhook", () => receiver.received.length > 1);
    expect(receiver.received[1]?.body).toBe(receiver.received[0]?.body);

    const stranger = await newAccount();
    const foreign = await stranger.post(path, {});
    expect(foreign.status).toBe(404);
    expect(envelope.parse(await foreign.json()).error).toMatchObject({ code: "delivery_not_found" });
  });

  it("that fails costs nothing and says why", async () => {
    const account = await newAccount();
    await using receiver = await WebhookReceiver.open();
    const cut = EXAMPLE.bytes.subarray(0, EXAMPLE.bytes.length / 2);
    const { id } = await acceptJob(account, { ...question("What is this?", cut), webhook: receiver.url });
    const ended = await endedJob(account, id);
    expect(ended).toMatchObject({
      status: "failed",
      result: null,
      cost_microcredits: 0,
      error: { code: "image_truncated" },
    });
    expect(await account.settledLedger()).toMatchObject({ charged: 0 });
    await until("the webhook", () => receiver.received.length > 0);
    expect(event.parse(JSON.parse(receiver.received[0]!.body)).type).toBe("job.failed");
  });

  it("does not exist for another account", async () => {
    const [owner, stranger] = await Promise.all([newAccount(), newAccount()]);
    const { id } = await acceptJob(owner, example);
    const foreign = await stranger.fetch(`/v1/jobs/${id}`);
    const missing = await stranger.fetch("/v1/jobs/job_00000000000000000000000000000000");
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(await foreign.text()).toBe(await missing.text());
    expect((await endedJob(owner, id)).status).toBe("succeeded");
  });

  it("is listed with its result, the latest first, by state and page by page, for its account alone", async () => {
    const [account, stranger] = await Promise.all([newAccount(), newAccount()]);
    const first = await acceptJob(account, example);
    await endedJob(account, first.id);
    const second = await acceptJob(account, { ...example, model: "llava-v1.6-vicuna-7b" });
    const list = async (query: string, by = account) => {
      const response = await by.fetch(`/v1/jobs${query}`);
      return { status: response.status, body: z.unknown().parse(await response.json()) };
    };
    const shown = (body: unknown) => jobPage.parse(body).data.map(({ id }) => id);
    const all = await list("");
    expect(shown(all.body)).toEqual([second.id, first.id]);
    expect(jobPage.parse(all.body).data[1]).toEqual(await readJob(account, first.id));
    expect(shown((await list("?status=succeeded")).body)).toEqual([first.id]);
    const latest = jobPage.parse((await list("?limit=1")).body);
    expect(latest).toMatchObject({ has_more: true, data: [{ id: second.id }] });
    expect(shown((await list(`?limit=1&after=${second.id}`)).body)).toEqual([first.id]);

    expect(shown((await list("", stranger)).body)).toEqual([]);
    const foreign = await list(`?after=${first.id}`, stranger);
    const missing = await list("?after=job_none", stranger);
    expect(foreign).toEqual(missing);
    expect(missing).toMatchObject({
      status: 404,
      body: { error: { code: "job_not_found", param: "after" } },
    });
    for (const [query, param] of [
      ["?status=gone", "status"],
      ["?limit=0", "limit"],
      ["?limit=", "limit"],
      ["?limit=0x1", "limit"],
      ["?order=asc", "order"],
    ]) {
      expect(await list(query!)).toMatchObject({ status: 400, body: { error: { param } } });
    }
    await account.post(`/v1/jobs/${second.id}/cancel`, {});
  });

  it.each([
    ["http://example.com/hook", "url_not_public"],
    ["https://10.0.0.8/hook", "url_not_public"],
    ["https://127.0.0.1/hook", "url_not_public"],
    ["https://0x7f.1/hook", "url_not_public"],
    ["https://[::ffff:7f00:1]/hook", "url_not_public"],
    ["https://localhost/hook", "url_not_public"],
    ["https://user:password@example.com/hook", "url_not_public"],
    ["https://example.com:8443/hook", "url_not_public"],
    ["ftp://example.com/hook", "url_not_public"],
    ["/hook", "url_invalid"],
    ["", "url_invalid"],
  ])("may not be announced to '%s'", async (webhook, code) => {
    const account = await newAccount();
    const response = await account.post(
      "/v1/chat/completions",
      { ...example, webhook },
      { prefer: "respond-async" },
    );
    expect(response.status).toBe(400);
    expect(envelope.parse(await response.json()).error).toMatchObject({ code, param: "webhook" });
    expect(await account.ledger()).toMatchObject({ held: 0, charged: 0 });
  });

  it.each([
    ["a webhook without waiting", { webhook: "https://example.com/hook" }, {}, "webhook"],
    ["a stream", { stream: true }, { prefer: "respond-async" }, "stream"],
  ])("cannot be %s", async (_, parameters, headers, param) => {
    const account = await newAccount();
    const response = await account.post("/v1/chat/completions", { ...example, ...parameters }, headers);
    expect(response.status).toBe(400);
    expect(envelope.parse(await response.json()).error).toMatchObject({
      code: "unsupported_parameter",
      param,
    });
  });
});
