/** What `npm start` and the process that runs the Workers say to each other. */
import { z } from "zod";

/** The parent's one message. Paths are absolute. */
export const workersRequest = z.strictObject({
  /** Configuration of the edge, and of the Workers that it is bound to. */
  edge: z.string(),
  bound: z.array(z.string()),
  host: z.string(),
  port: z.int(),
  /** Where databases, blobs and objects are kept. */
  state: z.string(),
  /** The edge's secrets and variables. */
  bindings: z.record(z.string(), z.string()),
});
export type WorkersRequest = z.infer<typeof workersRequest>;

/** The answer. */
export const workersReply = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("listening") }),
  z.strictObject({ type: z.literal("failed"), message: z.string() }),
]);
export type WorkersReply = z.infer<typeof workersReply>;
