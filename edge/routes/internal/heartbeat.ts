/** GPU workers report here. Signed with the pool's secret; never a customer's key. */
import { z } from "zod";
import { HEARTBEAT_PATH, heartbeat } from "../../../core/heartbeat.ts";
import { findModel } from "../../../core/models.ts";
import {
  NONCE_HEADER,
  SIGNATURE_HEADER,
  SIGNATURE_WINDOW_MS,
  TIMESTAMP_HEADER,
  verify,
} from "../../../core/signature.ts";
import { ApiError } from "../../errors.ts";
import { readBytes } from "../../read-bytes.ts";
import type { App, AppContext } from "../operation.ts";

const MAX_BYTES = 4 << 10;
const targets = z.record(z.string(), z.url());

/** Not in the public specification. */
export function mountHeartbeat(app: App): void {
  app.post(HEARTBEAT_PATH, async (context) => {
    const body = await readSigned(context);
    const report = heartbeat.safeParse(parseJson(body));
    if (!report.success) throw new ApiError("invalid_value", "The heartbeat does not follow its schema.");
    const { model, revision, target } = report.data;
    const origins = new Map(Object.entries(targets.parse(JSON.parse(context.env.POOL_TARGETS))));
    const origin = origins.get(target);
    if (!origin)
      throw new ApiError("invalid_value", "The heartbeat's target is not in the operator's list.", {
        param: "target",
      });
    // A worker refuses frames of another revision than its own, so one that was left behind must get none.
    const served = findModel(model)?.revision;
    if (revision !== served) {
      throw new ApiError(
        "invalid_value",
        served === undefined
          ? "The heartbeat's model is not in this edge's registry."
          : `The heartbeat's revision is not this edge's, which is ${served}.`,
        { param: served === undefined ? "model" : "revision" },
      );
    }
    await context.env.POOL.get(context.env.POOL.idFromName(model)).heartbeat(report.data, origin);
    return context.body(null, 204);
  });
}

/** A replayed heartbeat within the window says what its worker said: it grants nothing, so nonces are not kept here. */
async function readSigned(context: AppContext): Promise<Uint8Array<ArrayBuffer>> {
  const body = await readBytes(context.req.raw.body, MAX_BYTES);
  if (!body) throw new ApiError("body_too_large", `A heartbeat has at most ${MAX_BYTES} bytes.`);
  const timestamp = context.req.header(TIMESTAMP_HEADER) ?? "";
  const request = {
    method: "POST",
    path: HEARTBEAT_PATH,
    timestamp,
    nonce: context.req.header(NONCE_HEADER) ?? "",
    body,
  };
  const fresh = Math.abs(Date.now() - Number(timestamp)) <= SIGNATURE_WINDOW_MS;
  const signature = context.req.header(SIGNATURE_HEADER) ?? "";
  if (!fresh || !(await verify(context.env.POOL_SECRET, request, signature))) {
    throw new ApiError("invalid_api_key", "The signature is not valid.");
  }
  return body;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
