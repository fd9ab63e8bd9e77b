/** GPU workers report here. Signed with the pool's secret; never a customer's key. */
import { z } from "zod";
import { HEARTBEAT_PATH, heartbeat } from "../../../core/heartbeat.ts";
import { findModel } from "../../../core/models.ts";
import { ApiError } from "../../errors.ts";
import type { App } from "../operation.ts";
import { readSigned } from "./read-signed.ts";

const targets = z.record(z.string(), z.url());

/** Not in the public specification. */
export function mountHeartbeat(app: App): void {
  app.post(HEARTBEAT_PATH, async (context) => {
    const { report: sent, sentAt } = await readSigned(context, HEARTBEAT_PATH);
    const report = heartbeat.safeParse(sent);
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
    await context.env.POOL.get(context.env.POOL.idFromName(model)).heartbeat(report.data, origin, sentAt);
    return context.body(null, 204);
  });
}
