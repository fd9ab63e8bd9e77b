import { z } from "zod";

/** A queue message: which job wants attention. Losing one costs time, not work. */
export const doorbell = z.strictObject({ account: z.string().min(1), job: z.string().min(1) });
export type Doorbell = z.infer<typeof doorbell>;
