import { ok, type Result } from "../../core/result.ts";
import type { ImageRefusal } from "../../core/vision.ts";

/**
 * A decoding in work: each `yield` is a place where other requests may run (clocks stand still during CPU work in
 * workerd, so decoders yield by work done, not by time). Its end says whether every row was pushed.
 */
export type Decoding = Generator<void, Result<undefined, ImageRefusal>, void>;

export const done: Result<undefined, ImageRefusal> = ok(undefined);
