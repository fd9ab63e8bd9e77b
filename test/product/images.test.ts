/** Upload once, ask often: pictures kept by digest, each account's own. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { EXAMPLE } from "../helpers/examples.ts";
import { workerMetric } from "../helpers/gpu-worker.ts";
import { dataUrl, stripes } from "../helpers/picture.ts";
import { completion, question, textOf } from "../helpers/question.ts";
import { expectRefusal, expectUntouched } from "../helpers/refusal.ts";
import { newAccount, sharedProduct } from "../helpers/shared.ts";

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

const DIGEST = digestOf(EXAMPLE.bytes);
const PATH = `/v1/images/${DIGEST}`;

describe("an uploaded picture", () => {
  it("is kept, shown, asked about by its digest, and forgotten", async () => {
    const account = await newAccount();
    expect((await account.fetch(PATH, { method: "HEAD" })).status).toBe(404);

    const put = await account.fetch(PATH, { method: "PUT", body: new Uint8Array(EXAMPLE.bytes) });
    expect(put.status).toBe(201);
    expect(await put.json()).toMatchObject({
      digest: DIGEST,
      object: "image",
      bytes: EXAMPLE.bytes.length,
      format: "png",
    });
    const again = await account.fetch(PATH, { method: "PUT", body: new Uint8Array(EXAMPLE.bytes) });
    expect(again.status).toBe(201);

    const head = await account.fetch(PATH, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.get("content-length")).toBe(String(EXAMPLE.bytes.length));
    expect(head.headers.get("etag")).toBe(`"${DIGEST}"`);

    const got = await account.fetch(PATH);
    expect(Buffer.from(await got.arrayBuffer()).equals(EXAMPLE.bytes)).toBe(true);
    expect(got.headers.get("content-type")).toBe("application/octet-stream");
    expect(got.headers.get("x-content-type-options")).toBe("nosniff");
    expect(got.headers.get("content-disposition")).toBe("attachment");
    await expectUntouched(account);

    const byDigest = question(EXAMPLE.question, DIGEST);
    const byBytes = question(EXAMPLE.question, EXAMPLE.bytes);
    expect(await account.count(byDigest)).toEqual(await account.count(byBytes));
    const answer = await account.ask(byDigest);
    expect(textOf(answer)).toBe(EXAMPLE.answer);
    // The bytes decide, not the way they came, nor what they were called.
    const byAnotherName = question(EXAMPLE.question, dataUrl(EXAMPLE.bytes, "image/webp"));
    for (const body of [byBytes, byAnotherName]) {
      const { headers } = await account.post("/v1/chat/completions", body);
      expect(headers.get("cache-status")).toBe("tessera; hit");
    }

    const deleted = await account.fetch(PATH, { method: "DELETE" });
    expect(await deleted.json()).toEqual({ digest: DIGEST, object: "image.deleted", deleted: true });
    expect((await account.fetch(PATH)).status).toBe(404);
    expect((await account.fetch(PATH, { method: "DELETE" })).status).toBe(404);
    expect((await account.post("/v1/chat/completions", byDigest)).status).toBe(404);
  });

  it("may be larger than data URLs, and is answered all the same", async () => {
    const account = await newAccount();
    const bytes = new Uint8Array(Buffer.concat([EXAMPLE.bytes, Buffer.alloc(12 << 20)]));
    const digest = digestOf(bytes);
    const put = await account.fetch(`/v1/images/${digest}`, { method: "PUT", body: bytes });
    expect(put.status).toBe(201);
    expect(textOf(await account.ask(question(EXAMPLE.question, digest)))).toBe(EXAMPLE.answer);
  });

  it("does not exist for another account, on any route", async () => {
    const [owner, stranger] = await Promise.all([newAccount(), newAccount()]);
    const bytes = new Uint8Array(stripes(30, 30, 5));
    const digest = digestOf(bytes);
    const path = `/v1/images/${digest}`;
    expect((await owner.fetch(path, { method: "PUT", body: bytes })).status).toBe(201);
    for (const method of ["HEAD", "GET", "DELETE"]) {
      expect((await stranger.fetch(path, { method })).status, method).toBe(404);
    }
    for (const route of ["/v1/chat/completions", "/v1/preflight"]) {
      await expectRefusal(await stranger.post(route, question("What is this?", digest)), {
        status: 404,
        code: "image_not_found",
        message: /^There is no image sha256:[0-9a-f]{64}\.$/,
        param: "messages.0.content.0.image_url.url",
      });
    }
    await expectUntouched(stranger);
    expect((await owner.fetch(path, { method: "HEAD" })).status).toBe(200);
  });
});

it("decodes and sends a picture to the GPU worker once for each account, and answers as before from then on", async () => {
  const pixels = (where: "sent" | "kept") => workerMetric(sharedProduct(), `pixels_total{pixels="${where}"}`);
  const body = question(EXAMPLE.question, stripes(90, 70, 1));
  const headers = { "cache-control": "no-store" };
  const before = { sent: await pixels("sent"), kept: await pixels("kept") };
  const answers: string[] = [];
  for (const account of [await newAccount(), await newAccount()]) {
    for (let asked = 0; asked < 3; asked += 1) {
      const response = await account.post("/v1/chat/completions", body, headers);
      answers.push(textOf(completion.parse(await response.json())));
    }
  }
  expect(new Set(answers).size).toBe(1);
  expect(await pixels("sent")).toBe(before.sent + 2);
  expect(await pixels("kept")).toBe(before.kept + 4);
});
