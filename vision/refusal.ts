import { fail } from "../core/result.ts";
import type { ImageRefusal } from "../core/vision.ts";

type Refused = { readonly ok: false; readonly error: ImageRefusal };

/** A refusal as a `Result`. */
export function refuse(code: ImageRefusal["code"], message: string): Refused {
  return fail({ code, message });
}

/** A refusal for a measured value beyond a limit. */
export function refuseBeyond(
  code: ImageRefusal["code"],
  message: string,
  limit: number,
  value: number,
): Refused {
  return fail({ code, message, limit, value });
}

export function truncated(what: string): Refused {
  return refuse("image_truncated", `The file is cut short: ${what}.`);
}

export function corrupt(what: string): Refused {
  return refuse("image_corrupt", `The file is damaged: ${what}.`);
}

export function unsupported(what: string, advice: string): Refused {
  return refuse("image_feature_unsupported", `${what} is not supported. ${advice}`);
}
