const PARENT_POLL_MS = 500;
/** A terminal and npm both pass one Ctrl-C on; only a later one is a second. */
const SAME_SIGNAL_MS = 300;

/**
 * Calls `stop` on the first SIGINT, SIGTERM or SIGHUP and `force` on the next. npm passes signals on, but can't when it
 * is killed itself, so its end counts as a signal too.
 */
export function onShutdown(stop: () => void, force: () => void): void {
  let askedAt: number | undefined;
  const ask = () => {
    const now = performance.now();
    if (askedAt === undefined) {
      askedAt = now;
      stop();
    } else if (now - askedAt > SAME_SIGNAL_MS) {
      force();
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ask);
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    ask();
  }, PARENT_POLL_MS);
  watch.unref();
}
