/** One thing that was looked at. */
export interface Check {
  /** Stable: what was looked at. */
  readonly name: string;
  readonly status: "ok" | "warning" | "failure";
  readonly message: string;
  /** What to do about it, in a sentence; null where nothing is to be done. */
  readonly advice: string | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function ok(name: string, message: string): Check {
  return { name, status: "ok", message, advice: null };
}

export function warning(name: string, message: string, advice: string): Check {
  return { name, status: "warning", message, advice };
}

export function failure(name: string, message: string, advice: string): Check {
  return { name, status: "failure", message, advice };
}
