/** The vision Worker on the real runtime: its modules load there, and its pixels are the same as everywhere. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { findModel } from "../core/models.ts";
import golden from "../test/golden/golden.json" with { type: "json" };
import gif from "../test/golden/images/g-transparent.gif?inline";
import jpeg from "../test/golden/images/j-2x1-prog.jpg?inline";
import turned from "../test/golden/images/j-exif6.jpg?inline";
import png from "../test/golden/images/p-ga16_i.png?inline";
import animation from "../test/golden/images/w-anim.webp?inline";
import webp from "../test/golden/images/w-lossy-alpha.webp?inline";
import VisionWorker from "./worker.ts";

const FILES: readonly (readonly [string, string])[] = [
  ["g-transparent.gif", gif],
  ["j-2x1-prog.jpg", jpeg],
  ["j-exif6.jpg", turned],
  ["p-ga16_i.png", png],
  ["w-anim.webp", animation],
  ["w-lossy-alpha.webp", webp],
];

const geometry = findModel("llava-v1.6-34b")?.geometry;
if (!geometry) throw new Error("The registry has no llava-v1.6-34b.");
const vision = new VisionWorker(createExecutionContext(), env);

async function bytesOf(dataUrl: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(dataUrl)).arrayBuffer());
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

describe("prepare", () => {
  it.each(FILES)("gives the reference's base view of %s", async (file, dataUrl) => {
    const prepared = await vision.prepare(await bytesOf(dataUrl), { geometry, policy: "reference" });
    const wanted = golden.images.find((image) => image.file === file)?.exif_ignored;
    if (!prepared.ok || !wanted) throw new Error(prepared.ok ? "no such image" : prepared.error.message);
    expect(await sha256(new Uint8Array(prepared.value.base))).toBe(wanted.original.tiles[0]);
    expect(prepared.value.grid).toEqual(wanted.original.grid);
  });

  it("takes a stream", async () => {
    const bytes = await bytesOf(png);
    const whole = await vision.prepare(bytes, { geometry, policy: "default" });
    const streamed = await vision.prepare(new Blob([bytes]).stream(), { geometry, policy: "default" });
    expect(streamed).toEqual(whole);
  });

  it("leaves a stream that is too long", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1 << 20;
        controller.enqueue(new Uint8Array(1 << 20));
      },
    });
    const refused = await vision.prepare(endless, { geometry, policy: "default" });
    expect(refused).toMatchObject({ ok: false, error: { code: "image_too_many_bytes", limit: 24 << 20 } });
    expect(sent).toBeLessThan(30 << 20);
  });
});

describe("probe", () => {
  it("reads a header", async () => {
    expect(await vision.probe(await bytesOf(turned))).toEqual({
      ok: true,
      value: { format: "jpeg", width: 200, height: 130, orientation: 6, frames: 1, hasAlpha: false },
    });
  });
});
