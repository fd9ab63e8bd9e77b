import type { VisionService } from "../core/vision.ts";
import type { Account } from "./account/account.ts";
import type { Doorbell } from "./jobs/doorbell.ts";
import type { JobRun } from "./jobs/job-run.ts";
import type { Pool } from "./pool/pool.ts";

/** The Worker's bindings, as declared in wrangler.toml. */
export interface Env {
  readonly ACCOUNT: DurableObjectNamespace<Account>;
  readonly POOL: DurableObjectNamespace<Pool>;
  readonly JOB_RUN: DurableObjectNamespace<JobRun>;
  /** Rings for stored jobs; the truth about a job is its row in the account. */
  readonly JOBS: Queue<Doorbell>;
  /** Cached answers. */
  readonly RESULTS: KVNamespace;
  /** Uploaded images as account/digest, and stored requests' images as jobs/account/job/index. */
  readonly IMAGES: R2Bucket;
  /** What is listed across accounts. */
  readonly DB: D1Database;
  readonly VISION: VisionService;

  /** Signs API keys' tags and derives cache namespaces. */
  readonly KEY_SECRET: string;
  /** While KEY_SECRET is changed: the one before it, whose keys are still taken. */
  readonly KEY_SECRET_PREVIOUS?: string;
  /** Shared with the GPU workers. */
  readonly POOL_SECRET: string;
  /** The operator's bearer token for /v1/admin. */
  readonly ADMIN_KEY: string;
  /** Signs receipts: a private Ed25519 key as a JWK. */
  readonly RECEIPT_KEY: string;
  /** The JWK Set of public keys that signed receipts before it; they stay published. */
  readonly RETIRED_RECEIPT_KEYS: string;
  /** The operator's list of GPU workers' addresses: a JSON object of target name → origin. */
  readonly POOL_TARGETS: string;
  /** The operator's token at replicate.com: models that the registry knows there are answered there. */
  readonly REPLICATE_API_TOKEN?: string;
  /** Read-only bearer token of whatever scales the GPU workers; without it nobody may ask. */
  readonly SCALER_TOKEN?: string;
  /** Where Replicate's API is; only in tests. */
  readonly REPLICATE_BASE_URL?: string;
  /** "allow" only on a developer's machine: webhooks may go to http on loopback. */
  readonly LOOPBACK_WEBHOOKS?: string;
  /** Loopback origins that image URLs may name beside the public web, separated by spaces; only in tests. */
  readonly IMAGE_ORIGINS?: string;
}
