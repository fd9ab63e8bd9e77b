import type { Sampling } from "../../../core/frame.ts";
import { fail, ok, type Result } from "../../../core/result.ts";
import type { SampledLogprob } from "../engine.ts";
import type { Random } from "./random.ts";

/**
 * The next token for a row of logits. Temperature 0 takes the greatest logit, the lowest id among equals; otherwise
 * softmax of `logits / temperature` over the smallest set of likeliest tokens that holds `topP` of it. Fails when a
 * logit is not a number.
 */
export function sample(
  logits: Float32Array,
  { temperature, topP }: Pick<Sampling, "temperature" | "topP">,
  random: Random,
): Result<number, "not_a_number"> {
  let best = 0;
  for (let id = 0; id < logits.length; id += 1) {
    const logit = logits[id] ?? Number.NaN;
    if (Number.isNaN(logit)) return fail("not_a_number");
    if (logit > (logits[best] ?? 0)) best = id;
  }
  if (temperature === 0) return ok(best);

  const greatest = logits[best] ?? 0;
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - greatest) / temperature));
  const ids = topP < 1 ? nucleus(weights, topP) : Uint32Array.from(weights.keys());
  let left = random() * sum(ids, weights);
  for (const id of ids) {
    left -= weights[id] ?? 0;
    if (left < 0) return ok(id);
  }
  return ok(best);
}

/**
 * The logarithm of an id's probability, and the `count` likeliest ids with theirs, best first, the lowest among equals.
 */
export function logprobs(logits: Float32Array, id: number, count: number): SampledLogprob {
  const greatest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - greatest), 0);
  const of = (each: number) => ({
    id: each,
    logprob: (logits[each] ?? Number.NaN) - greatest - Math.log(total),
  });
  const order = count === 0 ? new Uint32Array() : descending(logits).subarray(0, count);
  return { ...of(id), top: Array.from(order, of) };
}

/** The likeliest ids, best first, up to the one with which they hold `topP` of the whole. */
function nucleus(weights: Float64Array, topP: number): Uint32Array {
  const order = descending(weights);
  const needed = topP * sum(order, weights);
  let held = 0;
  const size = order.findIndex((id) => {
    held += weights[id] ?? 0;
    return held >= needed;
  });
  return size < 0 ? order : order.subarray(0, size + 1);
}

function descending(values: Float32Array | Float64Array): Uint32Array {
  return Uint32Array.from(values.keys()).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
}

function sum(ids: Uint32Array, weights: Float64Array): number {
  return ids.reduce((total, id) => total + (weights[id] ?? 0), 0);
}
