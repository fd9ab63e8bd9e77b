/** How long finished rows are kept, in milliseconds; docs/accounts.md has the table. */

export const JOB_RETENTION_MS = 24 * 3_600_000;
export const OUTBOX_RETENTION_MS = 24 * 3_600_000;
