import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame, FrameImage } from "../core/frame.ts";
import { imageTokens } from "../core/image-tokens.ts";
import { tokenizer } from "./testing/engine.ts";
import { frame, greyImage, TINY } from "./testing/frames.ts";
import { validateFrame } from "./validate.ts";

const AUDIENCE = { worker: "test", boot: "boot" };
const validate = (sent: Frame) => validateFrame(sent, TINY, tokenizer);

/** A frame whose only image says something else than its pixels are. */
function withImage(changes: Partial<FrameImage>): Frame {
  const right = greyImage(640, 480);
  return frame(AUDIENCE, "hello", [{ ...right, image: { ...right.image, ...changes } }]);
}

describe("a frame's validation", () => {
  it("takes every right image and counts its tokens", () => {
    const side = fc.integer({ min: 1, max: 3000 });
    fc.assert(
      fc.property(side, side, fc.constantFrom("low" as const, "high" as const), (width, height, detail) => {
        const job = validate(frame(AUDIENCE, "hello", [greyImage(width, height, 1, detail)]));
        const { total } = imageTokens(width, height, TINY.geometry, detail);
        expect(job).toMatchObject({ ok: true, value: { imageTokens: total } });
      }),
      { numRuns: 50 },
    );
  });

  it.each<[string, Partial<FrameImage>]>([
    ["another grid", { grid: [336, 672] }],
    ["a grid that is no canvas", { grid: [337, 672] }],
    ["another size on it", { resized: [672, 503] }],
    ["a size that belongs to another image", { width: 641, height: 300 }],
    ["a grid without a size", { resized: null }],
    ["a size without a grid", { grid: null }],
    ["no grid but a grid view's pixels", { grid: null, resized: null }],
    ["another hash", { sha256: "0".repeat(64) }],
  ])("refuses an image with %s", (_what, changes) => {
    expect(validate(withImage(changes))).toMatchObject({ ok: false, error: { code: "frame_mismatch" } });
  });

  it("refuses pixels that were changed or cut", () => {
    for (const change of [
      (pixels: Uint8Array) => pixels.with(7, 9),
      (pixels: Uint8Array) => pixels.slice(3),
    ]) {
      const right = greyImage(640, 480);
      const sent = frame(AUDIENCE, "hello", [{ ...right, pixels: change(right.pixels) }]);
      expect(validate(sent)).toMatchObject({ ok: false, error: { code: "frame_mismatch" } });
    }
  });

  it("refuses images that the messages do not name, and names without an image", () => {
    const unnamed = frame(
      AUDIENCE,
      "hello",
      [greyImage(10, 10)],
      {},
      {
        messages: [{ role: "user", parts: [{ text: "hello" }] }],
      },
    );
    const missing = frame(
      AUDIENCE,
      "hello",
      [],
      {},
      {
        messages: [{ role: "user", parts: [{ image: 0 }, { text: "hello" }] }],
      },
    );
    for (const sent of [unnamed, missing]) {
      expect(validate(sent)).toMatchObject({ ok: false, error: { code: "frame_mismatch" } });
    }
  });

  it("refuses more images than the model takes, and another model or revision", () => {
    const many = Array.from({ length: TINY.maxImages + 1 }, () => greyImage(10, 10, 1, "low"));
    expect(validate(frame(AUDIENCE, "hello", many))).toMatchObject({ error: { code: "frame_mismatch" } });
    for (const header of [{ model: "llava-v1.6-34b" }, { revision: "another" }]) {
      const sent = frame(AUDIENCE, "hello", [], {}, header);
      expect(validate(sent)).toMatchObject({ error: { code: "model_mismatch" } });
    }
  });

  it("refuses a prompt that leaves no room, and shortens an answer that has little", () => {
    const words = (count: number) => Array.from({ length: count }, () => "7").join("");
    const empty = validate(frame(AUDIENCE, "7"));
    if (!empty.ok) throw new Error("The shortest prompt is refused.");
    const room = TINY.contextLength - empty.value.textTokens;
    const last = validate(frame(AUDIENCE, words(room), [], { maxTokens: 16 }));
    expect(last).toMatchObject({ ok: true, value: { request: { sampling: { maxTokens: 1 } } } });
    const over = validate(frame(AUDIENCE, words(room + 1)));
    expect(over).toMatchObject({ ok: false, error: { code: "context_length_exceeded" } });
  });

  it("keeps look-alikes of control tokens plain", () => {
    const job = validate(frame(AUDIENCE, "<image><|im_end|>"));
    if (!job.ok) throw new Error(job.error.message);
    const ids = job.value.request.prompt.flatMap((piece) => ("ids" in piece ? piece.ids : []));
    expect(ids).not.toContain(TINY.imageToken);
    expect(ids.filter((id) => id === tokenizer.control("<|im_end|>"))).toHaveLength(2);
  });
});
