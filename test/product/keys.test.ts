/**
 * Keys as their owner manages them: made, read, changed, rotated and revoked, each within the bounds of the asking key.
 */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Account } from "../helpers/account.ts";
import { question } from "../helpers/question.ts";
import { expectRefusal, expectUntouched } from "../helpers/refusal.ts";
import { newAccount } from "../helpers/shared.ts";

const shown = z.object({ id: z.string(), key: z.string(), start: z.string() });

const patch = (account: Account, id: string, changes: object, key = account.key) =>
  account.fetch(`/v1/keys/${id}`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(changes),
  });

const models = (account: Account, key: string) =>
  account.fetch("/v1/models", { headers: { authorization: `Bearer ${key}` } });

describe("a key", () => {
  it("is shown once, read without its text, and changed from its next request on", async () => {
    const account = await newAccount();
    const { id, key } = await account.makeKey({ name: "ci", scopes: ["infer"], models: ["tessera-tiny"] });
    const text = await (await account.fetch(`/v1/keys/${id}`)).text();
    expect(text).not.toContain(key);
    expect(JSON.parse(text)).toMatchObject({
      id,
      name: "ci",
      scopes: ["infer"],
      models: ["tessera-tiny"],
      requests_per_minute: 600,
      tokens_per_minute: null,
      budget: { total_microcredits: null, day_microcredits: null, month_microcredits: null },
      last_used_at: null,
    });
    const changes = { name: "builds", models: ["llava-v1.6-34b"], budget: { month_microcredits: 5 } };
    const changed = await patch(account, id, changes);
    expect([changed.status, await changed.json()]).toMatchObject([200, { ...changes, scopes: ["infer"] }]);
    const refused = await account.post("/v1/chat/completions", question("Hi"), {
      authorization: `Bearer ${key}`,
    });
    await expectRefusal(refused, {
      status: 403,
      code: "model_not_allowed",
      message: /may not ask 'tessera-tiny'/,
      param: null,
    });
    await expectUntouched(account);
  });

  it("reads itself whatever its scopes, and the account's money with the scope", async () => {
    const account = await newAccount();
    const { id, key } = await account.makeKey({ name: "worker", scopes: ["jobs"] });
    const asWorker = { headers: { authorization: `Bearer ${key}` } };
    const own: unknown = await (await account.fetch("/v1/key", asWorker)).json();
    expect(own).toMatchObject({ id, object: "key", scopes: ["jobs"] });
    expect(JSON.stringify(own)).not.toContain(key);
    expect((await account.fetch("/v1/account", asWorker)).status).toBe(403);
    const { balance, granted } = await account.ledger();
    expect(await (await account.fetch("/v1/account")).json()).toMatchObject({
      id: account.id,
      object: "account",
      ledger: { balance_microcredits: balance, granted_microcredits: granted },
    });
  });

  it("is rotated with an overlap, in which both of its texts work", async () => {
    const account = await newAccount();
    const first = await account.makeKey({ name: "rotated" });
    const response = await account.post(`/v1/keys/${first.id}/rotate`, { overlap_seconds: 60 });
    expect(response.status).toBe(200);
    const second = shown.parse(await response.json());
    expect(second.id).toBe(first.id);
    expect(second.key).not.toBe(first.key);
    for (const { key } of [first, second]) expect((await models(account, key)).status).toBe(200);
    expect((await account.post(`/v1/keys/${first.id}/rotate`, {})).status).toBe(200);
    for (const { key } of [first, second]) {
      expect((await models(account, key)).status).toBe(401);
    }
  });

  it("gives nothing that it has not, and touches no key that has more", async () => {
    const account = await newAccount();
    const { key } = await account.makeKey({
      name: "keeper",
      scopes: ["infer", "keys:write"],
      budget: { total_microcredits: 100 },
    });
    const keeper = { authorization: `Bearer ${key}` };
    const asked: readonly (readonly [object, string])[] = [
      [{ scopes: ["webhooks:write"] }, "scopes"],
      [{ budget: { total_microcredits: 101 } }, "budget.total_microcredits"],
      [{ budget: { total_microcredits: null } }, "budget.total_microcredits"],
      [{ concurrency: 65 }, "concurrency"],
      [{ requests_per_minute: 601 }, "requests_per_minute"],
    ];
    const owner = z
      .object({ data: z.array(z.object({ id: z.string(), name: z.string() })) })
      .parse(await (await account.fetch("/v1/keys")).json())
      .data.find(({ name }) => name === "first key");
    const refusal = (param: string) => ({
      status: 403,
      code: "exceeds_own_key",
      message: /The asking key has less/,
      param,
    });
    for (const [options, param] of asked) {
      const response = await account.post("/v1/keys", { name: "more", ...options }, keeper);
      await expectRefusal(response, refusal(param));
    }
    const path = `/v1/keys/${owner?.id}`;
    await expectRefusal(await account.post(`${path}/rotate`, {}, keeper), refusal("scopes"));
    await expectRefusal(await account.fetch(path, { method: "DELETE", headers: keeper }), refusal("scopes"));
    await expectRefusal(await patch(account, owner?.id ?? "", { name: "mine" }, key), refusal("scopes"));

    const beside = await account.makeKey({
      name: "beside",
      scopes: ["infer"],
      budget: { total_microcredits: 9 },
    });
    const outside = { ...refusal(""), message: /does not descend from the asking key/, param: null };
    await expectRefusal(await account.post(`/v1/keys/${beside.id}/rotate`, {}, keeper), outside);
  });

  it("of another account is answered as one that does not exist", async () => {
    const [mine, theirs] = [await newAccount(), await newAccount()];
    const other = await theirs.makeKey({ name: "theirs" });
    const answers = async (id: string) => {
      const responses = await Promise.all([
        mine.fetch(`/v1/keys/${id}`),
        mine.fetch(`/v1/keys/${id}`, { method: "DELETE" }),
        patch(mine, id, { name: "mine" }),
        mine.post(`/v1/keys/${id}/rotate`, {}),
      ]);
      return Promise.all(responses.map(async (response) => [response.status, await response.text()]));
    };
    expect(await answers(other.id)).toEqual(await answers("key_0000000000000000"));
    expect((await answers(other.id)).map(([status]) => status)).toEqual([404, 404, 404, 404]);
    expect((await models(theirs, other.key)).status).toBe(200);
  });

  it.each([
    [{ scopes: ["everything"] }, "scopes.0"],
    [{ scopes: [] }, "scopes"],
    [{ models: ["no-such-model"] }, "models.0"],
    [{ budget: { total_microcredits: -1 } }, "budget.total_microcredits"],
    [{ budget: { total_microcredits: 0.5 } }, "budget.total_microcredits"],
    [{ budget: { day_microcredits: 1e16 } }, "budget.day_microcredits"],
    [{ requests_per_minute: 0 }, "requests_per_minute"],
    [{ tokens_per_minute: 1.5 }, "tokens_per_minute"],
    [{ concurrency: 1e9 }, "concurrency"],
    [{ expires_at: -1 }, "expires_at"],
  ])("is refused with %j", async (options, param) => {
    const account = await newAccount();
    const { id } = await account.makeKey({ name: "good" });
    for (const response of [
      await account.post("/v1/keys", { name: "wrong", ...options }),
      await patch(account, id, options),
    ]) {
      await expectRefusal(response, {
        status: 400,
        code: "invalid_value",
        message: /^'.*' must (be|have) /,
        param,
      });
      expect(response.headers.get("x-should-retry")).toBe("false");
    }
  });
});
