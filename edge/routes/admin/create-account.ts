import { z } from "@hono/zod-openapi";
import { SCOPES } from "../../account/scopes.ts";
import { newAccountId } from "../../auth/key.ts";
import { requireOperator } from "../../auth/operator.ts";
import { readJson } from "../../read-json.ts";
import { ADMIN_SECURITY, jsonBody, jsonResponse, type Operation } from "../operation.ts";
import { MAX_BOOKING } from "./wire.ts";

const newAccount = z
  .strictObject({
    name: z.string().min(1).max(128),
    credit_microcredits: z.int().min(0).max(MAX_BOOKING).openapi({ description: "Granted at once" }),
  })
  .openapi("NewAccount");

const account = z
  .object({
    id: z.string(),
    object: z.literal("account"),
    key: z.object({ id: z.string(), key: z.string() }),
    webhook_secret: z.string(),
  })
  .openapi("OpenedAccount");

export const createAccount: Operation = {
  route: {
    method: "post",
    path: "/v1/admin/accounts",
    summary: "Open an account with credit and a first key",
    security: ADMIN_SECURITY,
    request: jsonBody(newAccount, { name: "Ada", credit_microcredits: 5_000_000 }),
    responses: { 201: jsonResponse("The account; its key is shown once", account) },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const body = await readJson(context, newAccount);
    const id = newAccountId();
    const object = context.env.ACCOUNT.get(context.env.ACCOUNT.idFromName(id));
    await object.open({ name: body.name, grant: { id: "opening", amount: body.credit_microcredits } });
    const { key, record } = await object.createKey({
      name: "first key",
      scopes: SCOPES,
      models: null,
      expiresAt: null,
      limits: { requestsPerMinute: 6_000, tokensPerMinute: null, concurrency: 256 },
      budget: { total: null, day: null, month: null },
    });
    const secret = await object.webhookSecret();
    // Last: whatever cuts this off leaves no account in the list that nobody has a key of.
    await context.env.DB.prepare("INSERT INTO account (id, name, created_at) VALUES (?, ?, ?)")
      .bind(id, body.name, Date.now())
      .run();
    return context.json({ id, object: "account", key: { id: record.id, key }, webhook_secret: secret }, 201);
  },
};
