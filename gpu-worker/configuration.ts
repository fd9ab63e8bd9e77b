/** The worker's configuration, from its environment. */
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { findModel } from "../core/models.ts";
import { fail, ok, type Result } from "../core/result.ts";

const name = z.string().min(1).max(128);

const environment = z.object({
  /** 0 takes a free port. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  HOST: z.string().min(1).default("127.0.0.1"),
  /** Shared with the edge; signs frames and heartbeats. */
  TESSERA_POOL_SECRET: z.string().min(16),
  /** Where heartbeats go; a parent process may also tell it later. */
  TESSERA_EDGE_URL: z.url({ protocol: /^https?$/ }).optional(),
  TESSERA_WORKER_NAME: name.default(hostname),
  /** This worker's entry in the operator's list of targets; the worker's name unless given. */
  TESSERA_TARGET: name.optional(),
  TESSERA_MODEL: name.default("tessera-tiny"),
  /** Folder of the weights. */
  TESSERA_WEIGHTS: z.string().min(1).optional(),
  /** Requests decoded at once. */
  TESSERA_SLOTS: z.coerce.number().int().min(1).max(64).default(8),
  /** Requests that may wait for a slot. */
  TESSERA_QUEUE: z.coerce.number().int().min(0).max(4096).default(16),
  /** How long running requests may go on after SIGTERM, in milliseconds. */
  TESSERA_DRAIN_MS: z.coerce.number().int().min(0).max(3_600_000).default(20_000),
});

export type Configuration = ReturnType<typeof toConfiguration>;

/** The configuration, or one line that says which variables are wrong; it never repeats a value. */
export function readConfiguration(variables: NodeJS.ProcessEnv): Result<Configuration, string> {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    return fail(`the environment is not valid: ${wrong.join("; ")}`);
  }
  const model = findModel(parsed.data.TESSERA_MODEL);
  if (!model) return fail("TESSERA_MODEL names no model of the registry");
  return ok(toConfiguration(parsed.data, model));
}

function toConfiguration(
  values: z.infer<typeof environment>,
  model: NonNullable<ReturnType<typeof findModel>>,
) {
  return {
    port: values.PORT,
    host: values.HOST,
    secret: values.TESSERA_POOL_SECRET,
    edgeUrl: values.TESSERA_EDGE_URL,
    worker: values.TESSERA_WORKER_NAME,
    target: values.TESSERA_TARGET ?? values.TESSERA_WORKER_NAME,
    model,
    weights:
      values.TESSERA_WEIGHTS ?? fileURLToPath(new URL(`../models/${model.id}/weights`, import.meta.url)),
    slots: values.TESSERA_SLOTS,
    queue: values.TESSERA_QUEUE,
    drainMs: values.TESSERA_DRAIN_MS,
  };
}
