/**
 * How long after its last question a GPU worker keeps an image's pixels and the edge counts on it, in milliseconds.
 * What the worker forgets it does within a minute more: ten in all, as docs/accounts.md says.
 */
export const KEPT_PIXELS_MS = 9 * 60_000;
