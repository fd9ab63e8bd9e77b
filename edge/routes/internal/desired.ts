/**
 * How many workers a model should have, for whatever scales them: KEDA's metrics-api scaler can send a bearer token,
 * but cannot sign.
 */
import { findModel } from "../../../core/models.ts";
import { desiredWorkers } from "../../../core/scaling.ts";
import { bearerToken, sameToken } from "../../auth/bearer.ts";
import { ApiError } from "../../errors.ts";
import type { App } from "../operation.ts";

/** Not in the public specification. Without SCALER_TOKEN it does not exist. */
export function mountDesired(app: App): void {
  app.get("/internal/pools/:model/desired", async (context) => {
    const { SCALER_TOKEN, POOL } = context.env;
    if (!SCALER_TOKEN) throw new ApiError("not_found", "This deployment has no SCALER_TOKEN.");
    const token = bearerToken(context);
    if (token === undefined || !(await sameToken(token, SCALER_TOKEN))) {
      throw new ApiError("invalid_api_key", "The scaler's token is not valid.");
    }
    const model = findModel(context.req.param("model"));
    if (!model)
      throw new ApiError("model_not_found", "There is no such model. See /v1/models.", { param: "model" });
    const demand = await POOL.get(POOL.idFromName(model.id)).demand();
    return context.json({ model: model.id, desired: desiredWorkers(demand), ...demand });
  });
}
