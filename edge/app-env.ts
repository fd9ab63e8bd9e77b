import type { Caller } from "./auth/caller.ts";
import type { Env } from "./env.ts";

/** What Hono's context carries. */
export interface AppEnv {
  readonly Bindings: Env;
  readonly Variables: {
    readonly requestId: string;
    /** Set on routes that demand a key. */
    readonly caller: Caller;
  };
}
