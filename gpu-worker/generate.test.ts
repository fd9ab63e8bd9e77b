import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { FRAME_PATH } from "../core/frame.ts";
import { refusalBody } from "../core/refusal.ts";
import { ok } from "../core/result.ts";
import type { EngineStep } from "./engines/engine.ts";
import { loadScripted, scriptedEngine, tokenizer } from "./testing/engine.ts";
import { allEvents, events, frame, greyImage, post, type SentImage, textOf } from "./testing/frames.ts";
import { startingWorker, type TestWorker, testWorker } from "./testing/worker.ts";

const workers: TestWorker[] = [];
afterEach(() => Promise.all(workers.splice(0).map(({ worker }) => worker.stop(0))));

async function start(engine = scriptedEngine("ab "), changes: Parameters<typeof testWorker>[0] = {}) {
  const started = await testWorker(changes, loadScripted(engine));
  workers.push(started);
  return { ...started, engine };
}

const code = async (response: Response) => refusalBody.parse(await response.json()).error.code;
const metric = async (url: string, name: string) => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`tessera_${name} `));
  return Number(line?.split(" ")[1]);
};

/** Waits until a check holds, for a second at most: how soon an abort must show. */
async function within(check: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 1000;
  while (!(await check())) {
    if (Date.now() > end) throw new Error("It did not come true within a second.");
    await sleep(10);
  }
}

describe("an answer", () => {
  it("is accepted, tokens, usage and done, with as many ids as output tokens", async () => {
    const { url, audience } = await start();
    const answer = await allEvents(
      await post(url, frame(audience, "hi", [greyImage(30, 40)], { maxTokens: 5 })),
    );
    expect(answer[0]).toEqual({ type: "accepted" });
    const ids = answer.flatMap((event) => (event.type === "token" ? event.ids : []));
    expect(ids).toHaveLength(5);
    expect(textOf(answer)).toBe(tokenizer.decode(ids));
    expect(answer.at(-2)).toMatchObject({ type: "usage", usage: { outputTokens: 5 } });
    expect(answer.at(-1)).toMatchObject({ type: "done", finishReason: "length" });
    expect(await metric(url, "output_tokens_total")).toBe(5);
  });

  it("ends with an error where the engine gives an id outside of the vocabulary", async () => {
    const engine = scriptedEngine("ab ");
    async function* strange(): AsyncGenerator<EngineStep> {
      yield { type: "tokens", ids: [tokenizer.size] };
    }
    const generate: typeof engine.generate = (request, signal) => {
      const generation = engine.generate(request, signal);
      return request.id.startsWith("warm-up") ? generation : { ...generation, steps: strange() };
    };
    const { url, audience } = await start({ ...engine, generate });
    const answer = await allEvents(await post(url, frame(audience, "hi")));
    expect(answer.slice(1)).toMatchObject([
      { type: "usage", usage: { outputTokens: 0 } },
      { type: "error", code: "engine_failed" },
    ]);
  });

  it("comes token by token, not at the end", async () => {
    const { url, audience } = await start(scriptedEngine("ab ", 30));
    const times: number[] = [];
    for await (const event of events(await post(url, frame(audience, "hi", [], { maxTokens: 8 })))) {
      if (event.type === "token") times.push(performance.now());
    }
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(100);
  });

  it("ends before a stop string, and counts the tokens that made it", async () => {
    const { url, audience, engine } = await start(scriptedEngine("one two STOP three "));
    const sent = frame(audience, "hi", [], { maxTokens: 200, stop: ["STOP", "never"] });
    const answer = await allEvents(await post(url, sent));
    expect(textOf(answer)).toBe("one two ");
    expect(answer.at(-1)).toMatchObject({ type: "done", finishReason: "stop" });
    const ids = answer.flatMap((event) => (event.type === "token" ? event.ids : []));
    expect(tokenizer.decode(ids)).toContain("STOP");
    expect(answer.at(-2)).toMatchObject({ usage: { outputTokens: ids.length } });
    await within(() => engine.load().running === 0);
  });

  it("never shows a part of a character", async () => {
    const { url, audience } = await start(scriptedEngine("龘🐈‍⬛é"));
    const answer = await allEvents(await post(url, frame(audience, "hi", [], { maxTokens: 20 })));
    expect(textOf(answer)).toMatch(/^龘/);
    expect(textOf(answer)).not.toContain("\u{fffd}");
  });

  it("ends with an error and the usage so far when the engine fails", async () => {
    const engine = scriptedEngine("ab ");
    engine.failWith = "The engine could not go on.";
    const { url, audience } = await start(engine);
    const answer = await allEvents(await post(url, frame(audience, "hi", [], { maxTokens: 3 })));
    expect(answer.at(-2)).toMatchObject({ type: "usage", usage: { outputTokens: 3 } });
    expect(answer.at(-1)).toMatchObject({ type: "error", code: "engine_failed" });
    expect(await metric(url, 'requests_total{outcome="failed"}')).toBe(1);
  });

  it("ends with an error at the frame's deadline", async () => {
    const { url, audience } = await start();
    const sent = frame(audience, "hi", [], { maxTokens: 5000 }, { deadline: Date.now() + 150 });
    const answer = await allEvents(await post(url, sent));
    expect(answer.at(-1)).toMatchObject({ type: "error", code: "deadline_exceeded" });
  });
});

describe("an image of an earlier frame", () => {
  const sent = greyImage(30, 40, 77);
  const kept = { image: { ...sent.image, kept: true as const }, pixels: new Uint8Array(0) };

  it("is asked about again without its pixels, which the engine gets all the same", async () => {
    const engine = scriptedEngine("ab ");
    const seen: Buffer[] = [];
    const generate: typeof engine.generate = (request, signal) => {
      seen.push(...request.images.map(({ pixels }) => Buffer.from(pixels)));
      return engine.generate(request, signal);
    };
    const { url, audience } = await start({ ...engine, generate });
    seen.length = 0;
    const other = greyImage(50, 20, 9);
    for (const images of [[sent], [kept], [other, kept]]) {
      const answer = await allEvents(await post(url, frame(audience, "hi", images, { maxTokens: 2 })));
      expect(answer.at(-1)).toMatchObject({ type: "done" });
    }
    expect(seen.map((pixels) => pixels[0])).toEqual([77, 77, 9, 77]);
    expect(seen[1]?.equals(sent.pixels)).toBe(true);
    expect(seen[3]?.equals(sent.pixels)).toBe(true);
    expect(await metric(url, 'pixels_total{pixels="kept"}')).toBe(2);
  });

  it("is unknown to another customer, in another worker and under another hash", async () => {
    const { url, audience } = await start();
    await allEvents(await post(url, frame(audience, "hi", [sent], { maxTokens: 1 })));
    const asked = (image: SentImage, namespace = "0".repeat(64)) =>
      post(url, frame(audience, "hi", [image], { maxTokens: 1 }, { namespace }));
    expect((await asked(kept)).status).toBe(200);
    const another = { ...kept, image: { ...kept.image, sha256: "0".repeat(64) } };
    for (const refused of [await asked(kept, "1".repeat(64)), await asked(another)]) {
      expect([refused.status, await code(refused)]).toEqual([412, "pixels_not_kept"]);
    }
    const fresh = await start();
    const refused = await post(fresh.url, frame(fresh.audience, "hi", [kept], { maxTokens: 1 }));
    expect(await code(refused)).toBe("pixels_not_kept");
  });
});

describe("a caller that leaves", () => {
  it("stops the engine", async () => {
    const { url, audience, engine, logs } = await start();
    const leave = new AbortController();
    const response = await post(url, frame(audience, "hi", [], { maxTokens: 100_000 }), leave.signal);
    let seen = 0;
    await expect(async () => {
      for await (const event of events(response)) {
        if (event.type === "token") seen += 1;
        if (seen === 5) leave.abort();
      }
    }).rejects.toThrow();
    await within(
      async () => (await metric(url, "running")) === 0 && (await metric(url, "aborts_total")) === 1,
    );
    const steps = engine.counters().steps;
    await sleep(100);
    expect(engine.counters().steps).toBe(steps);
    const logged = logs.find(({ event }) => event === "request");
    expect(logged?.fields).toMatchObject({ outcome: "aborted" });
  });
});

describe("a worker", () => {
  it("refuses more than its slots and its queue hold", async () => {
    const { url, audience } = await start(scriptedEngine("ab ", 5, 1), { queue: 1 });
    const long = () => post(url, frame(audience, "hi", [], { maxTokens: 100_000 }));
    await Promise.all([long(), long()]);
    expect(await (await fetch(`${url}/load`)).json()).toEqual({
      state: "ready",
      slots: 1,
      running: 1,
      waiting: 1,
    });
    const refused = await long();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await code(refused)).toBe("worker_busy");
  });

  it("is alive but takes no work before it is ready", async () => {
    const starting = await startingWorker();
    workers.push(starting);
    const { url, audience, worker } = starting;
    const status = async (path: string) => (await fetch(`${url}${path}`)).status;
    expect([await status("/livez"), await status("/readyz")]).toEqual([200, 503]);
    const refused = await post(url, frame(audience, "hi"));
    expect([refused.status, await code(refused)]).toEqual([503, "worker_starting"]);
    await worker.start(loadScripted(scriptedEngine("ab ")));
    expect(await status("/readyz")).toBe(200);
  });

  it("is not ready when its warm-up request fails", async () => {
    const starting = await startingWorker();
    workers.push(starting);
    const engine = scriptedEngine("ab ");
    const broken = {
      ...engine,
      generate: (...[request, signal]: Parameters<typeof engine.generate>) =>
        engine.generate({ ...request, id: "another" }, signal),
    };
    engine.failWith = "broken";
    expect(await starting.worker.start(loadScripted(broken))).toMatchObject({ ok: false });
    expect(starting.worker.context.lifecycle.state).toBe("failed");
  });

  it("starts an engine again that died, and answers with it; what ran is told to be lost", async () => {
    const engines = [scriptedEngine("ab "), scriptedEngine("cd ")];
    const [first] = engines;
    const starting = await startingWorker();
    workers.push(starting);
    const { url, audience, worker } = starting;
    let next = 0;
    await worker.start(async () => ok({ engine: engines[next++] ?? scriptedEngine("ef "), tokenizer }));
    const running = allEvents(await post(url, frame(audience, "hi", [], { maxTokens: 5000 })));
    first?.die();
    expect((await running).at(-1)).toMatchObject({ type: "error", code: "engine_lost" });
    await within(async () => next === 2 && (await fetch(`${url}/readyz`)).status === 200);
    const answer = await allEvents(await post(url, frame(audience, "hi", [], { maxTokens: 4 })));
    expect(textOf(answer)).toContain("cd");
    expect(await metric(url, "engines_lost_total")).toBe(1);
  });

  it("names its routes and methods", async () => {
    const { url } = await start();
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
    const wrong = await fetch(`${url}${FRAME_PATH}`);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await fetch(`${url}/load`, { method: "DELETE" })).status).toBe(405);
  });

  it("logs no text of a customer", async () => {
    const { url, audience, logs } = await start();
    await allEvents(await post(url, frame(audience, "a secret question", [], { maxTokens: 2 })));
    await within(() => logs.some(({ event }) => event === "request"));
    expect(JSON.stringify(logs)).not.toContain("secret");
  });
});

describe("a drain", () => {
  it("refuses new work, lets running work end, and then closes", async () => {
    const { url, audience, worker } = await start();
    const response = await post(url, frame(audience, "hi", [], { maxTokens: 30 }));
    const stopped = worker.stop(10_000);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    const refused = await post(url, frame(audience, "hi"));
    expect([refused.status, await code(refused)]).toEqual([503, "worker_draining"]);
    expect((await allEvents(response)).at(-1)).toMatchObject({ type: "done" });
    await stopped;
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  });

  it("ends what outlasts the grace with an error and its usage", async () => {
    const { url, audience, worker } = await start();
    const response = await post(url, frame(audience, "hi", [], { maxTokens: 5000 }));
    await Promise.all([
      worker.stop(100),
      expect(allEvents(response)).resolves.toEqual(
        expect.arrayContaining([expect.objectContaining({ type: "error", code: "worker_draining" })]),
      ),
    ]);
  });
});
