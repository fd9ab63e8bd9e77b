/** Parameters that depend on the engines which serve a model at the moment. */
import type { Capability } from "../../core/capability.ts";
import type { Model } from "../../core/models.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";
import { replicateModel } from "../replicate/support.ts";

/** What the model takes beyond what every model does; null where no worker is there that could tell. */
export async function capabilitiesOf(env: Env, model: Model): Promise<readonly Capability[] | null> {
  if (replicateModel(env, model)) return [];
  return env.POOL.get(env.POOL.idFromName(model.id)).capabilities();
}

/** Throws, by name, what no engine that serves the model takes. Without any worker there is nothing to go by. */
export async function checkCapabilities(env: Env, model: Model, needs: readonly Capability[]): Promise<void> {
  if (needs.length === 0) return;
  const capabilities = await capabilitiesOf(env, model);
  const lacking = capabilities && needs.find((need) => !capabilities.includes(need));
  if (lacking) {
    throw new ApiError(
      "unsupported_parameter",
      `'${lacking}' is not supported by what serves ${model.id}; /v1/models lists each model's capabilities.`,
      { param: lacking },
    );
  }
}
