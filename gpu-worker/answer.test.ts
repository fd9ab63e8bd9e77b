import { expect, it } from "vitest";
import { MOST_TOP_LOGPROBS } from "../core/logprobs.ts";
import { answer } from "./answer.ts";
import type { EngineStep } from "./engines/engine.ts";
import { scriptedEngine, tokenizer } from "./testing/engine.ts";
import { frame, TINY } from "./testing/frames.ts";
import { validateFrame } from "./validate.ts";

it("tells of a long step with probabilities in lines that the edge takes, none lost", async () => {
  const ids = Array.from({ length: 300 }, (_, index) => index % tokenizer.size);
  const likely = (id: number) => ({ id, logprob: -12.345678 });
  const logprobs = ids.map((id) => ({
    ...likely(id),
    top: Array.from({ length: MOST_TOP_LOGPROBS }, () => likely(id)),
  }));
  async function* steps(): AsyncGenerator<EngineStep> {
    yield { type: "tokens", ids, logprobs };
    yield { type: "end", reason: "length" };
  }
  const engine = scriptedEngine("ab ");
  const generate: typeof engine.generate = (request, signal) => ({
    ...engine.generate(request, signal),
    steps: steps(),
  });
  const job = validateFrame(
    frame({ worker: "w", boot: "b" }, "hi", [], { maxTokens: ids.length, topLogprobs: MOST_TOP_LOGPROBS }),
    TINY,
    tokenizer,
  );
  if (!job.ok) throw new Error(job.error.message);

  const events = await Array.fromAsync(
    answer(job.value, { ...engine, generate }, tokenizer, new AbortController().signal),
  );
  // Characters; the edge gives a worker up whose line is twice as long.
  for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(32 << 10);
  const tokens = events.filter((event) => event.type === "token");
  expect(tokens.flatMap((event) => event.ids)).toEqual(ids);
  expect(tokens.flatMap((event) => event.logprobs ?? [])).toHaveLength(ids.length);
  for (const event of tokens) if (event.ids.length > 0) expect(event.logprobs).toHaveLength(event.ids.length);
  expect(tokens.map(({ text }) => text).join("")).toBe(tokenizer.decode(ids));
  expect(events.at(-2)).toMatchObject({ type: "usage", usage: { outputTokens: ids.length } });
});
