/** Parameters that only some engines take. A worker names those of its engine in every heartbeat. */
import { z } from "zod";
import type { Sampling } from "./frame.ts";

/** By the names that the API gives them. */
export const capability = z.enum(["logprobs", "response_format"]);
export type Capability = z.infer<typeof capability>;

/** What an engine must have for a request. */
export function needsOf({
  topLogprobs,
  jsonSchema,
}: Pick<Sampling, "topLogprobs" | "jsonSchema">): Capability[] {
  return [
    ...(topLogprobs === undefined ? [] : (["logprobs"] as const)),
    ...(jsonSchema === undefined ? [] : (["response_format"] as const)),
  ];
}
