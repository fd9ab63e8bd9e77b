/** Finds out at once whether a key will do, not only with the first question. */
import { useEffect, useState } from "preact/hooks";
import { type Failure, send } from "../shared/api.ts";

/** What only another key mends. The rest may pass, or is told where it matters. */
const LASTING = new Set(["invalid_api_key", "api_key_expired", "account_suspended"]);

/** Why this key can't be used; null while nothing is known against it. */
export function useKeyProblem(key: string): Failure | null {
  const [found, find] = useState<{ readonly key: string; readonly failure: Failure } | null>(null);
  useEffect(() => {
    if (key === "") return;
    void send("/v1/key", { key }).then((sent) => {
      if (!sent.ok && LASTING.has(sent.error.code)) find({ key, failure: sent.error });
    });
  }, [key]);
  return found?.key === key ? found.failure : null;
}
