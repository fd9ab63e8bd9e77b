/** Frames for tests: images of plain noise or colour with the right sizes, and signed requests. */
import { createHash, randomUUID } from "node:crypto";
import { planTiles } from "../../core/anyres.ts";
import { type WorkerEvent, workerEvent } from "../../core/events.ts";
import {
  encodeFrame,
  FRAME_CONTENT_TYPE,
  FRAME_PATH,
  type Frame,
  type FrameHeader,
  type FrameImage,
  frameImageBytes,
  signedPart,
} from "../../core/frame.ts";
import { findModel, type Model } from "../../core/models.ts";
import { NONCE_HEADER, SIGNATURE_HEADER, sign, TIMESTAMP_HEADER } from "../../core/signature.ts";

export const SECRET = "a secret for the tests alone";

export const TINY: Model = (() => {
  const model = findModel("tessera-tiny");
  if (!model) throw new Error("The registry has no tessera-tiny.");
  return model;
})();

export interface SentImage {
  readonly image: FrameImage;
  readonly pixels: Uint8Array;
}

/** An image of one grey value, as the edge would send it. */
export function greyImage(
  width: number,
  height: number,
  grey = 128,
  detail: "low" | "high" = "high",
): SentImage {
  const plan = planTiles(width, height, TINY.geometry);
  const sizes: Pick<FrameImage, "grid" | "resized"> =
    detail === "low" ? { grid: null, resized: null } : { grid: [...plan.grid], resized: [...plan.resized] };
  const pixels = new Uint8Array(frameImageBytes(sizes, TINY.geometry.tile)).fill(grey);
  const sha256 = createHash("sha256").update(pixels).digest("hex");
  return { image: { width, height, ...sizes, sha256 }, pixels };
}

/** A frame that asks `question` about the images. */
export function frame(
  audience: FrameHeader["audience"],
  question: string,
  images: readonly SentImage[] = [],
  sampling: Partial<FrameHeader["sampling"]> = {},
  header: Partial<FrameHeader> = {},
): Frame {
  return {
    header: {
      job: randomUUID(),
      attempt: 1,
      lease: "lease",
      audience,
      namespace: "0".repeat(64),
      model: TINY.id,
      revision: TINY.revision,
      messages: [
        { role: "user", parts: [...images.map((_, index) => ({ image: index })), { text: question }] },
      ],
      sampling: { maxTokens: 16, temperature: 0, topP: 1, seed: null, stop: [], ...sampling },
      images: images.map(({ image }) => image),
      trace: null,
      claim: null,
      deadline: Date.now() + 60_000,
      ...header,
    },
    pixels: images.map(({ pixels }) => pixels),
  };
}

/** The headers that sign a body. */
export async function signed(
  body: Uint8Array<ArrayBuffer>,
  {
    secret = SECRET,
    timestamp = String(Date.now()),
    nonce = randomUUID(),
  }: { secret?: string; timestamp?: string; nonce?: string } = {},
): Promise<Record<string, string>> {
  const signature = await sign(secret, {
    method: "POST",
    path: FRAME_PATH,
    timestamp,
    nonce,
    body: signedPart(body),
  });
  return {
    "content-type": FRAME_CONTENT_TYPE,
    [TIMESTAMP_HEADER]: timestamp,
    [NONCE_HEADER]: nonce,
    [SIGNATURE_HEADER]: signature,
  };
}

/** Sends a frame to a worker at `url`. */
export async function post(url: string, sent: Frame, signal?: AbortSignal): Promise<Response> {
  const body = encodeFrame(sent);
  const headers = await signed(body);
  return fetch(`${url}${FRAME_PATH}`, { method: "POST", headers, body, signal: signal ?? null });
}

/** The events of a response as they come. */
export async function* events(response: Response): AsyncGenerator<WorkerEvent> {
  let rest = "";
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield workerEvent.parse(JSON.parse(line));
  }
}

export async function allEvents(response: Response): Promise<WorkerEvent[]> {
  const all: WorkerEvent[] = [];
  for await (const event of events(response)) all.push(event);
  return all;
}

/** The text of an answer's events. */
export function textOf(answer: readonly WorkerEvent[]): string {
  return answer.map((event) => (event.type === "token" ? event.text : "")).join("");
}
