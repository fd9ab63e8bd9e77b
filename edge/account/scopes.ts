/** Everything that a key may be allowed to do. */
export const SCOPES = ["infer", "jobs", "usage:read", "keys:write", "webhooks:write"] as const;

/** What a key may do. */
export type Scope = (typeof SCOPES)[number];
