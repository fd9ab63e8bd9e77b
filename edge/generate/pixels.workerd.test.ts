/** What goes to a GPU worker of an image that was asked about before. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { planTiles } from "../../core/anyres.ts";
import { decodeFrame, type Frame } from "../../core/frame.ts";
import { findModel } from "../../core/models.ts";
import { ok } from "../../core/result.ts";
import type { VisionService } from "../../core/vision.ts";
import { newAccount } from "../account/testing/fixture.ts";
import { createApp } from "../app.ts";
import { answerWith, reportWorker } from "../testing/worker.ts";

beforeEach(() => reportWorker());
afterEach(() => vi.restoreAllMocks());

const { geometry } = findModel("tessera-tiny")!;
const [width, height] = [40, 30];

/** How long the played vision Worker takes for an image, in milliseconds. */
const DECODE_MS = 40;

/** Plays the vision Worker, of which the tests in workerd have none, and counts what it is asked. */
function playVision() {
  const asked = { probe: 0, prepare: 0 };
  const { grid, resized } = planTiles(width, height, geometry);
  const base = new Uint8Array(3 * geometry.tile ** 2).fill(1);
  const view = new Uint8Array(3 * resized[0] * resized[1]).fill(2);
  const service: VisionService = {
    async probe() {
      asked.probe += 1;
      return ok({ format: "png", width, height, orientation: 1, frames: 1, hasAlpha: false });
    },
    async prepare() {
      asked.prepare += 1;
      await scheduler.wait(DECODE_MS);
      return ok({ width, height, grid, resized, base, view });
    },
  };
  return { service, asked };
}

/** Plays the worker that `reportWorker` reports, and collects the frames that it is sent. */
function playWorker(keeps: () => boolean): Frame[] {
  const frames: Frame[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
    const body = new Uint8Array(await new Response(init?.body ?? null).arrayBuffer());
    const frame = decodeFrame(body, () => geometry.tile);
    if (!frame.ok) throw new Error(frame.error.message);
    frames.push(frame.value);
    const isKept = frame.value.header.images.some((image) => image.kept);
    if (isKept && !keeps()) {
      return Response.json({ error: { code: "pixels_not_kept", message: "" } }, { status: 412 });
    }
    const events = answerWith({ imageTokens: 1, textTokens: 1, outputTokens: 2 });
    return new Response(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  });
  return frames;
}

async function ask(key: string, service: VisionService, bytes: string): Promise<Response> {
  const url = `data:image/png;base64,${btoa(bytes)}`;
  const content = [
    { type: "image_url", image_url: { url } },
    { type: "text", text: "What is it?" },
  ];
  const context = createExecutionContext();
  const response = await createApp().request(
    "/v1/chat/completions",
    {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "cache-control": "no-store",
      },
      body: JSON.stringify({ model: "tessera-tiny", messages: [{ role: "user", content }], max_tokens: 4 }),
    },
    { ...env, VISION: service },
    context,
  );
  await response.text();
  await waitOnExecutionContext(context);
  expect(response.status).toBe(200);
  return response;
}

/** How long the answer says that it waited for the image's pixels, in milliseconds. */
const prepareMs = (response: Response) =>
  Number(/prepare;dur=([\d.]+)/.exec(response.headers.get("server-timing") ?? "")?.[1]);

const PIXELS =
  geometry.tile ** 2 * 3 + planTiles(width, height, geometry).resized.reduce((a, b) => a * b) * 3;
const sizes = (frames: readonly Frame[]) => frames.map(({ pixels }) => pixels[0]?.length);

it("decodes and sends an image once for each account, and names it after that", async () => {
  const { service, asked } = playVision();
  const frames = playWorker(() => true);
  const [{ key }, another] = [await newAccount(1_000_000), await newAccount(1_000_000)];
  for (const each of [key, key, another.key]) await ask(each, service, "an image");
  expect(sizes(frames)).toEqual([PIXELS, 0, PIXELS]);
  const [whole, kept] = frames.map(({ header }) => header.images[0]);
  expect(kept).toEqual({ ...whole, kept: true });
  expect(asked).toEqual({ probe: 2, prepare: 2 });
});

it("sends the pixels again to a worker that keeps them no longer", async () => {
  const { service, asked } = playVision();
  let keeps = false;
  const frames = playWorker(() => keeps);
  const { key, stub } = await newAccount(1_000_000);
  for (let index = 0; index < 2; index++) {
    expect(prepareMs(await ask(key, service, "another image"))).toBeGreaterThanOrEqual(DECODE_MS - 1);
  }
  expect(sizes(frames)).toEqual([PIXELS, 0, PIXELS]);
  expect(asked.prepare).toBe(2);
  keeps = true;
  await ask(key, service, "another image");
  expect(sizes(frames).at(-1)).toBe(0);
  expect(await stub.ledger()).toMatchObject({ held: 0 });
});
