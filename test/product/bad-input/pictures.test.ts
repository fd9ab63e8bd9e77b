/** Pictures that are none, or more than may be sent: refused by name before or while they are decoded. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXAMPLE } from "../../helpers/examples.ts";
import { dataUrl, stripes } from "../../helpers/picture.ts";
import { question } from "../../helpers/question.ts";
import { expectRefusal, expectUntouched, type Refusal } from "../../helpers/refusal.ts";
import { newAccount } from "../../helpers/shared.ts";

const GOLDEN = join(import.meta.dirname, "../../golden/images");
const PARAM = "messages.0.content.0.image_url.url";

function golden(file: string): Buffer {
  return readFileSync(join(GOLDEN, file));
}

/** The picture with one byte of its compressed data changed. */
function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf("IDAT") + 40;
  copy[at] = copy[at]! ^ 0xff;
  return copy;
}

function refused(code: string, message: RegExp, status = 400): Refusal {
  return { status, code, message, param: PARAM };
}

const PICTURES: readonly (readonly [string, Uint8Array | string, Refusal])[] = [
  ["text", golden("x-text.jpg"), refused("image_format_unsupported", /JPEG.*PNG/)],
  ["a BMP", golden("x-bmp.bmp"), refused("image_format_unsupported", /BMP/)],
  ["an AVIF", golden("a-420.avif"), refused("image_format_unsupported", /AVIF/)],
  [
    "a page that is called a PNG",
    dataUrl(Buffer.from("<!doctype html><p>Hello</p>"), "image/png"),
    refused("image_format_unsupported", /HTML/),
  ],
  [
    "a picture within a PDF",
    Buffer.concat([Buffer.from("%PDF-1.7\n"), EXAMPLE.bytes]),
    refused("image_format_unsupported", /PDF/),
  ],
  ["nothing", golden("x-empty.png"), refused("image_empty", /no bytes/)],
  ["a JPEG cut short", golden("x-trunc.jpg"), refused("image_truncated", /cut short/)],
  ["a progressive JPEG cut short", golden("x-trunc-prog.jpg"), refused("image_truncated", /cut short/)],
  ["a PNG cut short", golden("x-trunc.png"), refused("image_truncated", /cut short/)],
  ["a header without a picture", EXAMPLE.bytes.subarray(0, 20), refused("image_truncated", /cut short/)],
  ["a damaged PNG", damaged(stripes(300, 300, 1)), refused("image_corrupt", /damaged/)],
  ["a bomb", golden("x-bomb.png"), refused("image_too_many_pixels", /30000.*100000000/s, 413)],
  ["65500 pixels wide and high", golden("x-huge-sof.jpg"), refused("image_too_many_pixels", /65500/, 413)],
  ["no base64", "data:image/png;base64,%%%%", refused("image_data_url_invalid", /base64 is invalid/)],
  ["not in base64", "data:image/png,abc", refused("image_data_url_invalid", /base64,<data>/)],
  ["an unfinished data URL", "data:image/png;base64", refused("image_data_url_invalid", /base64,<data>/)],
  ["a digest of nothing", `sha256:${"0".repeat(64)}`, refused("image_not_found", /no image sha256:0/, 404)],
  ["a digest in capitals", `sha256:${"A".repeat(64)}`, refused("url_not_public", /https/)],
  ["a file", "file:///etc/passwd", refused("url_not_public", /https/)],
  [
    "a relative address",
    "star.png",
    refused("url_invalid", /^An image's URL is a base64 data URL, an https URL, or sha256:/),
  ],
];

describe.concurrent("a picture", () => {
  it.each(PICTURES)("that is %s is refused", async (_, picture, refusal) => {
    const account = await newAccount();
    const body = question("What is this?", picture);
    await expectRefusal(await account.post("/v1/chat/completions", body), refusal);
    await expectUntouched(account);
  });

  it("that turns out unreadable is refused with its status when a stream is asked for too", async () => {
    const account = await newAccount();
    const body = { ...question("What is this?", golden("x-trunc.png")), stream: true };
    const response = await account.post("/v1/chat/completions", body);
    await expectRefusal(response, refused("image_truncated", /cut short/));
    await expectUntouched(account);
  });

  it("is refused when the data URLs hold too many bytes together", async () => {
    const account = await newAccount();
    const half = dataUrl(Buffer.concat([EXAMPLE.bytes, Buffer.alloc(5 << 20)]));
    const response = await account.post("/v1/chat/completions", question("Which?", half, half));
    await expectRefusal(response, {
      status: 413,
      code: "image_too_many_bytes",
      message: /at most 10485760 are taken. Upload larger images/,
      param: "messages",
    });
    await expectUntouched(account);
  });

  it("is refused among more pictures than leave room for its bytes, and taken among fewer", async () => {
    const account = await newAccount();
    const large = Buffer.concat([EXAMPLE.bytes, Buffer.alloc(11 << 20)]);
    const digest = `sha256:${createHash("sha256").update(large).digest("hex")}`;
    const upload = { method: "PUT", headers: { "content-type": "image/png" }, body: new Uint8Array(large) };
    expect((await account.fetch(`/v1/images/${digest}`, upload)).status).toBe(201);
    const four = question("What is this?", EXAMPLE.bytes, EXAMPLE.bytes, EXAMPLE.bytes, digest);
    await expectRefusal(await account.post("/v1/preflight", four), {
      status: 413,
      code: "image_too_many_bytes",
      message: /more than 10485760 bytes, the most that is taken of each of so many images/,
      param: "messages.0.content.3.image_url.url",
    });
    expect((await account.post("/v1/preflight", question("Which?", EXAMPLE.bytes, digest))).status).toBe(200);
    await expectUntouched(account);
  });
});

describe.concurrent("an upload", () => {
  const digest = `sha256:${"0".repeat(64)}`;

  it.each([
    [
      "is not the picture of its digest",
      digest,
      EXAMPLE.bytes,
      400,
      "image_digest_mismatch",
      /SHA-256/,
      null,
    ],
    ["has no digest", "sha256:abc", EXAMPLE.bytes, 400, "invalid_value", /64 lower-case hex/, "digest"],
    ["names another hash", "md5:abc", EXAMPLE.bytes, 400, "invalid_value", /sha256:/, "digest"],
    [
      "is too large",
      digest,
      Buffer.alloc((20 << 20) + 1),
      413,
      "image_too_many_bytes",
      /20971520 bytes/,
      null,
    ],
  ])("that %s is refused", async (_, path, bytes, status, code, message, param) => {
    const account = await newAccount();
    const response = await account.fetch(`/v1/images/${path}`, {
      method: "PUT",
      headers: { "content-type": "image/png" },
      body: new Uint8Array(bytes),
    });
    await expectRefusal(response, { status, code, message, param });
    await expectUntouched(account);
  });

  it("that is no picture is refused, and not kept", async () => {
    const account = await newAccount();
    const bytes = new TextEncoder().encode("not a picture");
    const hash = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
    const path = `/v1/images/sha256:${hash}`;
    const response = await account.fetch(path, { method: "PUT", body: bytes });
    await expectRefusal(response, {
      status: 400,
      code: "image_format_unsupported",
      message: /JPEG.*PNG/,
      param: null,
    });
    expect((await account.fetch(path)).status).toBe(404);
  });
});
