/** What a GPU worker tells the edge of a generation whose stream was cut: the edge that read it may be gone. */
import { z } from "zod";
import { usageSchema } from "./events.ts";

/** Where settle reports go at the edge. */
export const SETTLE_PATH = "/internal/settle";
/** How long after a frame's deadline its hold lasts at least, in milliseconds: until then a report counts. */
export const SETTLE_WINDOW_MS = 60_000;
export const MAX_CLAIM_CHARACTERS = 2_048;

export const settleReport = z.strictObject({
  /** From the frame's header. */
  claim: z.string().min(1).max(MAX_CLAIM_CHARACTERS),
  /** What the worker computed until it stopped. */
  usage: usageSchema,
});
export type SettleReport = z.infer<typeof settleReport>;
