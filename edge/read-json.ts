import type { Context } from "hono";
import type { z } from "zod";
import type { AppEnv } from "./app-env.ts";
import { ApiError } from "./errors.ts";
import { digestOf } from "./images/digest.ts";
import { readBody } from "./read-bytes.ts";
import { firstIssue, wrongField } from "./wrong-field.ts";

interface Options {
  readonly maxBytes?: number;
  /**
   * Fields that exist in the API's family but not here, by what is taken of them; null where that is nothing. A wrong
   * value of theirs is reported as unsupported.
   */
  readonly unsupported?: ReadonlyMap<string, string | null>;
}

const SMALL_BODY_BYTES = 64 << 10;

/**
 * The most values that a body may hold. Millions of them fit into the bytes of a few images and would take the
 * isolate's memory and seconds of checking, before anybody has asked whether the key still holds.
 */
const MAX_VALUES = 1 << 16;

/** A request's JSON body, checked against its schema. Throws the API error that tells what is wrong and where. */
export async function readJson<Schema extends z.ZodType>(
  context: Context<AppEnv>,
  schema: Schema,
  options: Options = {},
): Promise<z.infer<Schema>> {
  return parseBody(await readJsonBytes(context, options), schema, options);
}

/** The same, with the SHA-256 of the body's bytes. */
export async function readHashedJson<Schema extends z.ZodType>(
  context: Context<AppEnv>,
  schema: Schema,
  options: Options = {},
): Promise<{ body: z.infer<Schema>; hash: string }> {
  const bytes = await readJsonBytes(context, options);
  return { body: parseBody(bytes, schema, options), hash: await digestOf(bytes) };
}

async function readJsonBytes(
  context: Context<AppEnv>,
  { maxBytes = SMALL_BODY_BYTES }: Options,
): Promise<Uint8Array<ArrayBuffer>> {
  const type = context.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new ApiError("unsupported_media_type", "The Content-Type must be application/json.");
  }
  const bytes = await readBody(context.req.raw, maxBytes);
  if (!bytes) {
    throw new ApiError("body_too_large", `The body has more than ${maxBytes} bytes, the most that is taken.`);
  }
  return bytes;
}

function parseBody<Schema extends z.ZodType>(
  bytes: Uint8Array,
  schema: Schema,
  { unsupported = new Map() }: Options,
): z.infer<Schema> {
  if (hasMoreValues(bytes, MAX_VALUES)) {
    throw new ApiError(
      "invalid_value",
      `The body has more than ${MAX_VALUES} values, the most that is taken.`,
    );
  }

  const parsed = schema.safeParse(parseJson(bytes), { reportInput: true });
  if (parsed.success) return parsed.data;
  const issue = firstIssue(parsed.error);
  const top = String(issue.path[0] ?? "");
  const taken = unsupported.get(top) ?? unsupported.get(issue.path.join("."));
  if (issue.code !== "unrecognized_keys" && (taken !== undefined || unsupported.has(top))) {
    const message =
      taken == null
        ? `'${top}' is not supported.`
        : `This value of '${top}' is not supported, only ${taken}.`;
    throw new ApiError("unsupported_parameter", message, { param: top });
  }
  throw wrongField(issue);
}

/** Counts what begins or parts JSON's values, without parsing. A text's own commas and brackets count too. */
function hasMoreValues(bytes: Uint8Array, limit: number): boolean {
  if (bytes.length <= limit) return false;
  let count = 0;
  for (const mark of [",", "[", "{"].map((character) => character.charCodeAt(0))) {
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
      count += 1;
      if (count > limit) return true;
    }
  }
  return false;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw new ApiError("malformed_json", "The body is not valid JSON.");
  }
}
