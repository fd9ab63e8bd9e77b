import { createApp } from "./app.ts";
import type { Env } from "./env.ts";
import { consumeDoorbells } from "./jobs/consume.ts";

export { Account } from "./account/account.ts";
export { JobRun } from "./jobs/job-run.ts";
export { Pool } from "./pool/pool.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  queue: consumeDoorbells,
} satisfies ExportedHandler<Env>;
