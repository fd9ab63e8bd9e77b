/** The composition: every route, and the rules that hold for all of them. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { cors } from "hono/cors";
import { RECEIPT_HEADER } from "../core/receipt.ts";
import type { AppEnv } from "./app-env.ts";
import { findMisconfiguration } from "./bindings.ts";
import { ApiError, asApiError } from "./errors.ts";
import { mountPages } from "./pages/pages.ts";
import { mountReference } from "./pages/reference.ts";
import { randomId } from "./random-id.ts";
import { drainBody } from "./read-bytes.ts";
import { getOwnAccount } from "./routes/account/get-own-account.ts";
import { createAccount } from "./routes/admin/create-account.ts";
import { createPrice } from "./routes/admin/create-price.ts";
import { deleteAccount } from "./routes/admin/delete-account.ts";
import { getAccount } from "./routes/admin/get-account.ts";
import { getInventory } from "./routes/admin/get-inventory.ts";
import { getLedger } from "./routes/admin/get-ledger.ts";
import { getAllUsage } from "./routes/admin/get-usage.ts";
import { grantCredit } from "./routes/admin/grant-credit.ts";
import { listAccounts } from "./routes/admin/list-accounts.ts";
import { listPrices } from "./routes/admin/list-prices.ts";
import { refundCharge } from "./routes/admin/refund-charge.ts";
import { takeBackCredit } from "./routes/admin/take-back-credit.ts";
import { updateAccount } from "./routes/admin/update-account.ts";
import { createCompletion } from "./routes/chat/create-completion.ts";
import { preflight } from "./routes/chat/preflight.ts";
import { healthz, readyz } from "./routes/health.ts";
import { deleteImage } from "./routes/images/delete-image.ts";
import { getImage, headImageRoute } from "./routes/images/get-image.ts";
import { putImage } from "./routes/images/put-image.ts";
import { mountDesired } from "./routes/internal/desired.ts";
import { mountHeartbeat } from "./routes/internal/heartbeat.ts";
import { mountSettle } from "./routes/internal/settle.ts";
import { cancelJobRoute } from "./routes/jobs/cancel-job.ts";
import { getJob } from "./routes/jobs/get-job.ts";
import { listJobs } from "./routes/jobs/list-jobs.ts";
import { createKey } from "./routes/keys/create-key.ts";
import { getKey } from "./routes/keys/get-key.ts";
import { getOwnKey } from "./routes/keys/get-own-key.ts";
import { listKeys } from "./routes/keys/list-keys.ts";
import { revokeKey } from "./routes/keys/revoke-key.ts";
import { rotateKey } from "./routes/keys/rotate-key.ts";
import { updateKey } from "./routes/keys/update-key.ts";
import { getModel } from "./routes/models/get-model.ts";
import { listModels } from "./routes/models/list-models.ts";
import { type App, mount, type Operation } from "./routes/operation.ts";
import { getKeySet } from "./routes/receipts/get-key-set.ts";
import { getReceipt } from "./routes/receipts/get-receipt.ts";
import { listReceipts } from "./routes/receipts/list-receipts.ts";
import { getUsage } from "./routes/usage/get-usage.ts";
import { deleteWebhook } from "./routes/webhooks/delete-webhook.ts";
import { getWebhook } from "./routes/webhooks/get-webhook.ts";
import { listDeliveries } from "./routes/webhooks/list-deliveries.ts";
import { putWebhook } from "./routes/webhooks/put-webhook.ts";
import { redeliver } from "./routes/webhooks/redeliver.ts";
import { mountSpecification } from "./specification.ts";

/** Every operation under its tag; the reference shows both in this order, the customer's before the operator's. */
const OPERATIONS = {
  Ask: [createCompletion, preflight],
  Models: [listModels, getModel],
  Images: [putImage, getImage, deleteImage],
  Jobs: [listJobs, getJob, cancelJobRoute],
  "Account and keys": [
    getOwnAccount,
    getOwnKey,
    createKey,
    listKeys,
    getKey,
    updateKey,
    rotateKey,
    revokeKey,
  ],
  "Usage and receipts": [getUsage, listReceipts, getReceipt, getKeySet],
  Webhooks: [putWebhook, getWebhook, deleteWebhook, listDeliveries, redeliver],
  Health: [healthz, readyz],
  Operator: [
    createAccount,
    listAccounts,
    getAccount,
    updateAccount,
    getLedger,
    getInventory,
    deleteAccount,
    getAllUsage,
    grantCredit,
    takeBackCredit,
    refundCharge,
    listPrices,
    createPrice,
  ],
} satisfies Record<string, readonly Operation[]>;

/** Routes that a browser of any origin may call with its own key. The operator's and the workers' are closed. */
const OPEN_ROUTES = [
  "/v1/chat/*",
  "/v1/preflight",
  "/v1/models",
  "/v1/models/*",
  "/v1/images/*",
  "/v1/jobs",
  "/v1/jobs/*",
  "/v1/account",
  "/v1/key",
  "/v1/keys",
  "/v1/keys/*",
  "/v1/usage",
  "/v1/receipts",
  "/v1/receipts/*",
  "/v1/webhooks",
  "/v1/webhooks/*",
  "/.well-known/jwks.json",
];

export function createApp(): App {
  const app: App = new OpenAPIHono<AppEnv>();

  app.use(async (context, next) => {
    // Only Cloudflare's network numbers requests; a local runtime invents the rest of what it tells of them.
    const wrong = findMisconfiguration(context.env, context.req.header("cf-ray") !== undefined);
    if (wrong !== null) throw new Error(wrong);
    context.set("requestId", `req_${randomId()}`);
    await next();
    await drainBody(context.req.raw);
    context.res.headers.set("x-request-id", context.get("requestId"));
  });
  for (const path of OPEN_ROUTES) app.use(path, cors(CORS));

  for (const [tag, operations] of Object.entries(OPERATIONS)) {
    for (const operation of operations) mount(app, operation, tag);
  }
  app.openAPIRegistry.registerPath(headImageRoute);
  mountHeartbeat(app);
  mountSettle(app);
  mountDesired(app);
  mountPages(app);
  mountReference(app);
  mountSpecification(app, Object.keys(OPERATIONS));

  app.notFound((context) => {
    const { method, path } = context.req;
    const allowed = app.routes
      .filter((route) => route.method !== "ALL" && matches(route.path, path))
      .map((route) => route.method);
    const error =
      allowed.length > 0
        ? new ApiError("method_not_allowed", `${method} is not allowed here.`, {
            headers: { allow: [...new Set(allowed)].join(", ") },
          })
        : new ApiError("not_found", "There is nothing at this path. See /openapi.json.");
    return context.json(error.envelope(), error.status, error.headers);
  });

  app.onError((thrown, context) => {
    const error = asApiError(thrown);
    // Whoever has left reads no answer, and what their leaving broke off is no fault of ours.
    if (error !== thrown && !context.req.raw.signal.aborted) {
      console.error(
        JSON.stringify({
          event: "internal_error",
          request: context.get("requestId"),
          reason: thrown.stack ?? String(thrown),
        }),
      );
    }
    return context.json(error.envelope(), error.status, error.headers);
  });
  return app;
}

const CORS = {
  origin: "*",
  allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  exposeHeaders: [
    "x-request-id",
    "cache-status",
    "idempotent-replayed",
    RECEIPT_HEADER,
    "location",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "x-max-cost-applied",
    "ratelimit",
    "ratelimit-policy",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
  ],
  maxAge: 86_400,
};

function matches(pattern: string, path: string): boolean {
  const expression = pattern.replaceAll(/:\w+/g, "[^/]+");
  return new RegExp(`^${expression}$`).test(path);
}
