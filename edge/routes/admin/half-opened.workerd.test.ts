import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { newAccount } from "../../account/testing/fixture.ts";
import { createApp } from "../../app.ts";
import { newAccountId } from "../../auth/key.ts";

const app = createApp();

/** Every route about one account, as the app has it, but for its deletion. */
const ROUTES = [
  ...new Set(
    app.routes
      .filter(
        ({ method, path }) => /^\/v1\/admin\/accounts\/:id/.test(path) && !["ALL", "DELETE"].includes(method),
      )
      .map(({ method, path }) => `${method} ${path}`),
  ),
];
const booking = { id: "booking", amount_microcredits: 1 };
const BODIES: Readonly<Record<string, object>> = {
  "PATCH /v1/admin/accounts/:id": { suspended: true },
  "POST /v1/admin/accounts/:id/grants": booking,
  "POST /v1/admin/accounts/:id/take-backs": booking,
  "POST /v1/admin/accounts/:id/refunds": { ...booking, job: "chatcmpl-1" },
};

async function send(method: string, path: string, body?: object, settings = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${env.ADMIN_KEY}`, "content-type": "application/json" };
  const request = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  return app.request(path, request, { ...env, ...settings });
}

const listed = async (id: string) => (await (await send("GET", "/v1/admin/accounts")).text()).includes(id);

it.each(ROUTES)("%s knows no account that is listed and was never opened", async (route) => {
  const id = newAccountId();
  await env.DB.prepare("INSERT INTO account (id, name, created_at) VALUES (?, 'half', 0)").bind(id).run();
  const [method = "", path = ""] = route.split(" ");
  const response = await send(method, path.replace(":id", id), BODIES[route]);
  if (path.endsWith("/inventory")) {
    expect(await response.json()).toMatchObject({ data: [{ store: "database.account", count: 1 }] });
  } else {
    expect([response.status, JSON.parse(await response.text()).error.code]).toEqual([
      404,
      "account_not_found",
    ]);
  }
  expect((await send("DELETE", `/v1/admin/accounts/${id}`)).status).toBe(200);
  expect(await listed(id)).toBe(false);
});

it.each(ROUTES)("%s knows an account that is open and has lost its place in the list", async (route) => {
  const { account } = await newAccount(1000);
  const [method = "", path = ""] = route.split(" ");
  const response = await send(method, path.replace(":id", account), BODIES[route]);
  if (path.endsWith("/refunds"))
    expect(JSON.parse(await response.text()).error.code).toBe("charge_not_found");
  else expect(response.ok).toBe(true);
});

it("lists no account whose opening broke off", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const before = await (await send("GET", "/v1/admin/accounts")).text();
  const body = { name: "broken off", credit_microcredits: 5 };
  const broken = {
    idFromName: env.ACCOUNT.idFromName,
    get: () => ({ open: () => Promise.reject(new Error("gone")) }),
  };
  expect((await send("POST", "/v1/admin/accounts", body, { ACCOUNT: broken })).status).toBe(500);
  expect(await (await send("GET", "/v1/admin/accounts")).text()).toBe(before);
  vi.restoreAllMocks();
});
