import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFrame, FRAME_PATH, type FrameHeader } from "../core/frame.ts";
import { refusalBody } from "../core/refusal.ts";
import { SIGNATURE_HEADER, SIGNATURE_WINDOW_MS } from "../core/signature.ts";
import { Nonces } from "./authenticate.ts";
import { loadScripted, scriptedEngine } from "./testing/engine.ts";
import { frame, greyImage, signed } from "./testing/frames.ts";
import { type TestWorker, testWorker } from "./testing/worker.ts";

let running: TestWorker;
beforeAll(async () => {
  running = await testWorker({}, loadScripted(scriptedEngine("ok")));
});
afterAll(() => running.worker.stop(0));

async function send(body: Uint8Array<ArrayBuffer>, headers: Record<string, string>) {
  const response = await fetch(`${running.url}${FRAME_PATH}`, { method: "POST", headers, body });
  if (response.ok) {
    await response.arrayBuffer();
    return { status: response.status, code: undefined };
  }
  return { status: response.status, code: refusalBody.parse(await response.json()).error.code };
}

const body = (header: Partial<FrameHeader> = {}) =>
  encodeFrame(frame(running.audience, "hello", [], { maxTokens: 1 }, header));

describe("a frame's sender", () => {
  it("is answered with a valid signature", async () => {
    expect(await send(body(), await signed(body()))).toMatchObject({ status: 401 });
    const sent = body();
    expect(await send(sent, await signed(sent))).toMatchObject({ status: 200 });
  });

  it("needs a signature, the right secret, and the very body that was signed", async () => {
    const sent = body();
    expect(await send(sent, {})).toEqual({ status: 401, code: "signature_missing" });
    const forged = await signed(sent, { secret: "another secret" });
    expect(await send(sent, forged)).toEqual({ status: 401, code: "signature_invalid" });
    const headers = await signed(sent);
    expect(await send(sent, { ...headers, [SIGNATURE_HEADER]: "zz" })).toMatchObject({ status: 401 });
    const changed = Uint8Array.from(sent);
    changed[changed.length - 1] = 0;
    expect(await send(changed, headers)).toEqual({ status: 401, code: "signature_invalid" });
  });

  it("must sign within the window", async () => {
    const sent = body();
    for (const skew of [-SIGNATURE_WINDOW_MS - 1000, SIGNATURE_WINDOW_MS + 1000]) {
      const headers = await signed(sent, { timestamp: String(Date.now() + skew) });
      expect(await send(sent, headers)).toEqual({ status: 401, code: "signature_stale" });
    }
  });

  it("is heard once", async () => {
    const sent = body();
    const headers = await signed(sent);
    expect(await send(sent, headers)).toMatchObject({ status: 200 });
    expect(await send(sent, headers)).toEqual({ status: 409, code: "nonce_replayed" });
  });

  it("must mean this worker, this boot, and the present", async () => {
    const refused = async (header: Partial<FrameHeader>) => {
      const sent = body(header);
      return send(sent, await signed(sent));
    };
    const { worker, boot } = running.audience;
    const mismatch = { status: 403, code: "audience_mismatch" };
    expect(await refused({ audience: { worker: "other", boot } })).toEqual(mismatch);
    expect(await refused({ audience: { worker, boot: "earlier" } })).toEqual(mismatch);
    expect(await refused({ deadline: Date.now() - 1 })).toEqual({ status: 409, code: "deadline_passed" });
  });

  it("may not send more than the largest frame, or what is no frame", async () => {
    const large = new Uint8Array(16 << 20);
    const tooLarge = await send(large, await signed(large)).catch(() => undefined);
    // The worker may close the connection before the client has sent everything.
    if (tooLarge) expect(tooLarge).toEqual({ status: 413, code: "body_too_large" });
    const noise = Uint8Array.of(1, 2, 3);
    expect(await send(noise, await signed(noise))).toEqual({ status: 400, code: "frame_malformed" });
  });
});

describe("nonces", () => {
  it("are remembered while their timestamp is fresh, also one from a clock ahead", () => {
    const nonces = new Nonces();
    expect(nonces.take("a", 60_000, 0)).toBe(true);
    expect(nonces.take("a", 60_000, 119_000)).toBe(false);
    expect(nonces.take("a", 180_000, 120_001)).toBe(true);
  });
});

it("an image survives the way, and no changed, missing or added byte does", async () => {
  const sent = encodeFrame(frame(running.audience, "hello", [greyImage(40, 30)], { maxTokens: 1 }));
  expect(await send(sent, await signed(sent))).toMatchObject({ status: 200 });
  const header = 10 + new DataView(sent.buffer).getUint32(6, true);
  const changed = async (at: number) => {
    const bytes = Uint8Array.from(sent);
    bytes[at]! ^= 1;
    return (await send(bytes, await signed(sent))).code;
  };
  // The signature covers the header, which names the SHA-256 of the pixels.
  for (const at of [0, 6, 10, header - 1]) expect(await changed(at)).toBe("signature_invalid");
  for (const at of [header, sent.length - 1]) expect(await changed(at)).toBe("frame_mismatch");
  for (const bytes of [sent.slice(0, -1), Uint8Array.from([...sent, 0])]) {
    expect((await send(bytes, await signed(sent))).code).toBe("frame_malformed");
  }
});
