/** A large picture takes its time: others are served meanwhile, and it is left when its client leaves. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { Account } from "../helpers/account.ts";
import { findLongQuestion, type LongQuestion } from "../helpers/long-question.ts";
import { question } from "../helpers/question.ts";
import { resettableRequest } from "../helpers/resettable-request.ts";
import { newAccount } from "../helpers/shared.ts";
import { streamEvents } from "../helpers/stream.ts";
import { largeJpeg } from "../properties/generate/large-jpeg.ts";

const PATIENCE_MS = 120_000;

let account: Account;
/** Known pictures are not decoded again, so whoever leaves one is another customer. */
let leaver: Account;
let long: LongQuestion;
/** 50 megapixels; 38 of a progressive JPEG, which takes longer; 3. */
let huge: string;
let slow: string;
let large: string;

beforeAll(async () => {
  account = await newAccount();
  leaver = await newAccount();
  long = await findLongQuestion(account);
  huge = await upload(largeJpeg(8192, 6144, false));
  const progressive = largeJpeg(6144, 6144, true);
  slow = await upload(progressive);
  await upload(progressive, leaver);
  large = await upload(largeJpeg(2048, 1536, false));
}, 240_000);

async function upload(bytes: Uint8Array<ArrayBuffer>, owner = account): Promise<string> {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const response = await owner.fetch(`/v1/images/${digest}`, { method: "PUT", body: bytes });
  expect(response.status).toBe(201);
  return digest;
}

/** Asks about a picture, and returns how long the answer says that preparing it took, in milliseconds. */
async function prepareMs(digest: string): Promise<number> {
  const body = { ...question("What is this?", digest), max_tokens: 1 };
  const response = await account.post("/v1/chat/completions", body, { "cache-control": "no-store" });
  const answer = await response.text();
  expect(response.status, answer).toBe(200);
  const timing = response.headers.get("server-timing") ?? "";
  return Number(/prepare;dur=([\d.]+)/.exec(timing)?.[1]);
}

describe("while a large picture is decoded", () => {
  it(
    "another request's stream goes on",
    async () => {
      const body = { ...long.body, stream: true };
      const stream = await account.post("/v1/chat/completions", body, { "cache-control": "no-store" });
      const times: number[] = [];
      let decode: Promise<number> | undefined;
      let isDone = false;
      for await (const event of streamEvents(stream)) {
        const isText = event.type === "chunk" && event.chunk.choices[0]?.delta.content;
        if (!isText || isDone) continue;
        times.push(performance.now());
        decode ??= prepareMs(huge).finally(() => {
          isDone = true;
        });
      }
      const took = (await decode) ?? Number.NaN;
      const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
      const longest = Math.max(...gaps);
      console.log(
        `${times.length} events; longest gap ${longest.toFixed()} ms, decoding ${took.toFixed()} ms`,
      );
      expect(times.length).toBeGreaterThan(5);
      expect(longest).toBeLessThan(took / 2);
    },
    PATIENCE_MS,
  );

  it(
    "its client may leave: the next large picture does not wait for it",
    async () => {
      const whole = await prepareMs(slow);
      const leaving = resettableRequest(leaver, question("What is this?", slow));
      await sleep(whole / 4);
      leaving.reset();
      expect(await prepareMs(large)).toBeLessThan(whole / 2);
      await leaver.settledLedger();
    },
    PATIENCE_MS,
  );
});
