import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFrame, encodeFrame, FRAME_VERSION, type FrameHeader, frameImageBytes } from "./frame.ts";

const TILE = 4;
const tileOf = (model: string) => (model === "model" ? TILE : undefined);
const hex = (size: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: size, maxLength: size });
const name = fc.string({ minLength: 1, maxLength: 20 });
const side = fc.integer({ min: 1, max: 12 });

const image = fc.record(
  {
    width: side,
    height: side,
    grid: fc.option(fc.tuple(side, side)),
    resized: fc.option(fc.tuple(side, side)),
    sha256: hex(64),
    kept: fc.constant(true as const),
  },
  { requiredKeys: ["width", "height", "grid", "resized", "sha256"] },
);

const header: fc.Arbitrary<FrameHeader> = fc.record({
  job: name,
  attempt: fc.integer({ min: 1, max: 1000 }),
  lease: name,
  audience: fc.record({ worker: name, boot: name }),
  namespace: hex(64),
  model: fc.constant("model"),
  revision: name,
  messages: fc.array(
    fc.record({
      role: fc.constantFrom("system" as const, "user" as const, "assistant" as const),
      parts: fc.array(
        fc.oneof(
          fc.record({ text: fc.string({ unit: "grapheme" }) }),
          fc.record({ image: fc.integer({ min: 0, max: 15 }) }),
        ),
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  sampling: fc.record({
    maxTokens: fc.integer({ min: 1 }),
    temperature: fc.double({ min: 0, max: 2, noNaN: true }).map((value) => value + 0),
    topP: fc.double({ min: 0.001, max: 1, noNaN: true }),
    seed: fc.option(fc.integer()),
    stop: fc.array(fc.string({ minLength: 1 }), { maxLength: 4 }),
  }),
  images: fc.array(image, { maxLength: 3 }),
  trace: fc.option(fc.string({ maxLength: 55 })),
  claim: fc.option(fc.string({ maxLength: 55 })),
  deadline: fc.integer({ min: 0 }),
});

const frame = header.chain((made) =>
  fc
    .tuple(
      ...made.images.map((entry) => {
        const size = entry.kept ? 0 : frameImageBytes(entry, TILE);
        return fc.uint8Array({ minLength: size, maxLength: size });
      }),
    )
    .map((pixels) => ({ header: made, pixels })),
);

describe("a job frame", () => {
  it("survives the wire", () => {
    fc.assert(
      fc.property(frame, (sent) => {
        const received = decodeFrame(encodeFrame(sent), tileOf);
        expect(received).toEqual({ ok: true, value: { header: sent.header, pixels: [...sent.pixels] } });
      }),
      { numRuns: 200 },
    );
  });

  it("is refused when cut or continued anywhere, and never throws when bytes change", () => {
    fc.assert(
      fc.property(frame, fc.nat(), fc.nat({ max: 255 }), (sent, position, byte) => {
        const body = encodeFrame(sent);
        const at = position % body.length;
        expect(decodeFrame(body.subarray(0, at), tileOf).ok).toBe(false);
        expect(decodeFrame(Uint8Array.from([...body, byte]), tileOf).ok).toBe(false);
        body[at] = byte;
        decodeFrame(body, tileOf);
      }),
      { numRuns: 200 },
    );
  });

  it("is refused in another version, and says which", () => {
    const [sent] = fc.sample(frame, 1);
    if (!sent) throw new Error("No sample.");
    const body = encodeFrame(sent);
    body[4] = FRAME_VERSION + 1;
    expect(decodeFrame(body, tileOf)).toMatchObject({
      ok: false,
      error: { code: "frame_version_unsupported" },
    });
  });
});
