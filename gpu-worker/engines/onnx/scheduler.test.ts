import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EngineRequest, EngineStep } from "../engine.ts";
import type { DecoderOutput, Graphs } from "./graphs.ts";
import { Scheduler } from "./scheduler.ts";
import { Sequence } from "./sequence.ts";

const VOCABULARY = 64;
const END = 63;

/**
 * Graphs of width 1 whose cache holds the tokens seen, and whose next token is the sum of a row's taken positions: a
 * row that is mixed up with another, cut or shifted counts differently.
 */
function countingGraphs(log: string[] = []): Graphs & { broken: boolean } {
  const next = (seen: readonly number[]) => seen.reduce((sum, value) => sum + value, 1) % END;
  const answer = (rows: readonly number[][], added: Float32Array, broken: boolean): DecoderOutput => {
    if (broken) throw new Error("The graph broke.");
    const logits = rows.map((seen) => {
      const values = new Float32Array(VOCABULARY);
      values[next(seen)] = seen.includes(13) ? Number.NaN : 1;
      return values;
    });
    return { logits, added: { tensors: [added, added], count: added.length / rows.length } };
  };
  return {
    broken: false,
    width: 1,
    cacheShape: { layers: 1, heads: 1, headSize: 1 },
    imageNewline: Float32Array.of(0),
    encode: async () => new Float32Array(1),
    embed: (ids) => Float32Array.from(ids),
    async prefill(embeddings) {
      log.push("prefill");
      return answer([[...embeddings]], embeddings, this.broken);
    },
    async decode(embeddings, past) {
      log.push(`decode ${past.used.length}`);
      const seen = past.used.map((used, row) => [
        ...(past.tensors[0]?.subarray(row * past.length, row * past.length + used) ?? []),
        ...embeddings.subarray(row, row + 1),
      ]);
      return answer(seen, embeddings, this.broken);
    },
    close: async () => {},
  };
}

function setup(slots = 4) {
  const log: string[] = [];
  const graphs = countingGraphs(log);
  const failures: unknown[] = [];
  const scheduler = new Scheduler(
    graphs,
    {
      encodeImage: async () => {
        log.push("vision");
        return new Float32Array(1);
      },
      embedPrompt: ({ request }) =>
        Float32Array.from(request.prompt.flatMap((piece) => ("ids" in piece ? [...piece.ids] : []))),
    },
    { slots, vocabulary: VOCABULARY, onFailure: (_sequence, error) => failures.push(error) },
  );
  return { log, graphs, failures, scheduler };
}

function request(prompt: number[], maxTokens: number, images = 0): EngineRequest {
  const image = {
    frame: { width: 1, height: 1, grid: null, resized: null, sha256: "" },
    pixels: new Uint8Array(),
  };
  return {
    id: "request",
    namespace: "",
    prompt: [{ ids: prompt }],
    images: Array.from({ length: images }, () => image),
    sampling: { maxTokens, temperature: 0, topP: 1, seed: 0 },
    endIds: [END],
  };
}

function run(scheduler: Scheduler, asked: EngineRequest, signal = new AbortController().signal) {
  const sequence = new Sequence(asked, signal);
  scheduler.add(sequence);
  return sequence.steps();
}

async function idsOf(steps: AsyncIterable<EngineStep>): Promise<number[]> {
  const ids: number[] = [];
  for await (const step of steps) if (step.type === "tokens") ids.push(...step.ids);
  return ids;
}

/** What the counting graphs say when a request is alone. */
function alone(prompt: number[], tokens: number): number[] {
  const seen = [...prompt];
  for (let count = 0; count < tokens; count += 1) {
    seen.push(seen.reduce((sum, value) => sum + value, 1) % END);
  }
  return seen.slice(prompt.length);
}

describe("the scheduler", () => {
  it("gives each request of a batch what it would get alone, whenever others come and go", async () => {
    const { scheduler, log } = setup(3);
    const asked = Array.from({ length: 12 }, (_, index) => ({
      prompt: Array.from({ length: 2 + ((index * 5) % 7) }, (_entry, at) => 2 * (index + at + 7)),
      tokens: 1 + ((index * 7) % 10),
    })).filter(({ prompt, tokens }) => ![...prompt, ...alone(prompt, tokens)].includes(13));
    const answers = asked.map(({ prompt, tokens }) => idsOf(run(scheduler, request(prompt, tokens))));
    expect(await Promise.all(answers)).toEqual(asked.map(({ prompt, tokens }) => alone(prompt, tokens)));
    expect(log).toContain("decode 3");
    expect(scheduler.load()).toEqual({ running: 0, waiting: 0 });
  });

  it("stays right for those who stay when others leave at any time", async () => {
    const visit = fc.record({
      patience: fc.option(fc.nat({ max: 12 })),
      tokens: fc.integer({ min: 1, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(visit, { minLength: 1, maxLength: 10 }), async (visits) => {
        const { scheduler } = setup(3);
        const wrong: number[][] = [];
        const ask = async ({ patience, tokens }: (typeof visits)[number], index: number) => {
          const leave = new AbortController();
          const prompt = [2, 2 * index + 20];
          const seen: number[] = [];
          for await (const step of run(scheduler, request(prompt, tokens), leave.signal)) {
            if (step.type === "tokens") seen.push(...step.ids);
            if (seen.length === patience) leave.abort();
          }
          const whole = alone(prompt, tokens);
          const expected = patience !== null && patience > 0 ? whole.slice(0, patience) : whole;
          if (!whole.includes(13) && String(seen) !== String(expected)) wrong.push(seen, expected);
        };
        await Promise.all(visits.map(ask));
        expect(wrong).toEqual([]);
        await scheduler.idle();
        expect(scheduler.load()).toEqual({ running: 0, waiting: 0 });
      }),
      { numRuns: 100 },
    );
  });

  it("never lets a new request's stages keep the running ones from a step", async () => {
    const { scheduler, log } = setup();
    const first = idsOf(run(scheduler, request([2, 2], 12)));
    const others = [1, 2, 3].map(() => idsOf(run(scheduler, request([2, 4], 4, 2))));
    await Promise.all([first, ...others]);
    const begun = log.slice(log.indexOf("prefill") + 1);
    const stages = begun.map((entry) => (entry.startsWith("decode") ? "step" : "stage")).join(" ");
    expect(stages).not.toContain("stage stage");
  });

  it("drops a request whose reader leaves within one step, and goes on with the others", async () => {
    const { scheduler, log } = setup();
    const leave = new AbortController();
    const leaving = run(scheduler, request([2, 2], 1000), leave.signal);
    const staying = idsOf(run(scheduler, request([2, 4], 30)));
    for (let count = 0; count < 5; count += 1) await leaving.next();
    leave.abort();
    expect(scheduler.load().running).toBe(1);
    expect((await leaving.next()).done).toBe(true);
    const before = log.filter((entry) => entry === "decode 2").length;
    expect(await staying).toHaveLength(30);
    expect(log.filter((entry) => entry === "decode 2").length - before).toBeLessThanOrEqual(1);
  });

  it("drops a request that leaves the line, and one whose reader stops reading", async () => {
    const { scheduler } = setup(1);
    const leave = new AbortController();
    const first = run(scheduler, request([2, 2], 1000));
    await first.next();
    const waiting = idsOf(run(scheduler, request([2, 4], 5), leave.signal));
    expect(scheduler.load()).toEqual({ running: 1, waiting: 1 });
    leave.abort();
    expect(await waiting).toEqual([]);
    await first.return(undefined);
    expect(scheduler.load()).toEqual({ running: 0, waiting: 0 });
    await scheduler.idle();
  });

  it("fails only the request whose logits are not numbers", async () => {
    const { scheduler, failures } = setup();
    const broken = run(scheduler, request([13, 2], 5));
    const whole = idsOf(run(scheduler, request([2, 4], 5)));
    expect((await broken.next()).value).toMatchObject({ type: "failed" });
    expect(await whole).toEqual(alone([2, 4], 5));
    expect(failures).toHaveLength(1);
  });

  it("fails the requests of a call that throws, and serves the next ones", async () => {
    const { scheduler, graphs } = setup();
    const first = run(scheduler, request([2, 2], 1000));
    await first.next();
    graphs.broken = true;
    let last: EngineStep | undefined;
    for await (const step of first) last = step;
    expect(last).toMatchObject({ type: "failed" });
    graphs.broken = false;
    expect(await idsOf(run(scheduler, request([2, 4], 5)))).toEqual(alone([2, 4], 5));
  });

  it("ends at an end id without giving it out", async () => {
    const { scheduler } = setup();
    const steps: EngineStep[] = [];
    const asked = { ...request([2, 4], 10), endIds: [alone([2, 4], 3)[2] ?? 0] };
    for await (const step of run(scheduler, asked)) steps.push(step);
    expect(steps.at(-1)).toEqual({ type: "end", reason: "stop" });
    expect(steps.flatMap((step) => (step.type === "tokens" ? step.ids : []))).toEqual(alone([2, 4], 2));
  });
});
