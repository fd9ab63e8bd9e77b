import Replicate from "replicate";
import type { Env } from "../env.ts";

/** Replicate's API with the operator's token. */
export function replicateClient(env: Pick<Env, "REPLICATE_API_TOKEN" | "REPLICATE_BASE_URL">): Replicate {
  return new Replicate({
    auth: env.REPLICATE_API_TOKEN ?? "",
    ...(env.REPLICATE_BASE_URL && { baseUrl: env.REPLICATE_BASE_URL }),
    userAgent: "Tessera",
    // Called as a method of the client, the runtime's own fetch refuses.
    fetch: (input, init) => fetch(input, init),
    useFileOutput: false,
  });
}
