const PARENT_POLL_MS = 500;

/**
 * Calls `stop` on the first SIGINT, SIGTERM or SIGHUP and `force` on the next. npm passes signals on, but can't when it is
 * killed itself, so its end counts as a signal too.
 */
export function onShutdown(stop: () => void, force: () => void): void {
  let asked = false;
  const ask = () => {
    if (asked) force();
    asked = true;
    stop();
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
