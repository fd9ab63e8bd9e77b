import type { Env } from "./env.ts";
import { findReceiptKeyProblem } from "./receipts/signing-key.ts";

const MIN_SECRET_LENGTH = 16;

/**
 * What is wrong with the Worker's configuration, or null. Settings for a developer's machine open what a deployment
 * must keep shut, so a deployment that carries one answers nothing at all.
 */
export function findMisconfiguration(env: Env, deployed: boolean): string | null {
  for (const secret of ["KEY_SECRET", "POOL_SECRET", "ADMIN_KEY"] as const) {
    if ((env[secret]?.length ?? 0) < MIN_SECRET_LENGTH) {
      return `${secret} needs at least ${MIN_SECRET_LENGTH} characters; set it with 'wrangler secret put ${secret}'.`;
    }
  }
  if (env.KEY_SECRET_PREVIOUS && env.KEY_SECRET_PREVIOUS.length < MIN_SECRET_LENGTH) {
    return `KEY_SECRET_PREVIOUS needs at least ${MIN_SECRET_LENGTH} characters, as it had as KEY_SECRET.`;
  }
  for (const setting of ["LOOPBACK_WEBHOOKS", "IMAGE_ORIGINS", "REPLICATE_BASE_URL"] as const) {
    if (deployed && env[setting]) return `${setting} is for development only; remove it from the deployment.`;
  }
  return findReceiptKeyProblem(env);
}
