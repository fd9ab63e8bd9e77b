/** How long finished rows are kept, in milliseconds; docs/accounts.md has the table. */

export const JOB_RETENTION_MS = 24 * 3_600_000;
/** Thirteen months: a year's bills and the time to question the last one. */
export const RECEIPT_RETENTION_MS = 400 * 24 * 3_600_000;
export const OUTBOX_RETENTION_MS = 24 * 3_600_000;
