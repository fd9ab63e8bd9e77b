/** Receipts: what they say of a request, and that anyone can verify them with other tools. */
import { execFileSync } from "node:child_process";
import { createHash, createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readPage } from "../documents/pages.ts";
import type { Account } from "../helpers/account.ts";
import { EXAMPLE } from "../helpers/examples.ts";
import { acceptJob, endedJob } from "../helpers/jobs.ts";
import { completion, envelope, question, textOf } from "../helpers/question.ts";
import { listReceipts, receiptOf } from "../helpers/receipts.ts";
import { newAccount } from "../helpers/shared.ts";
import { runProgram, tessera } from "../helpers/tessera.ts";

const example = { ...question(EXAMPLE.question, EXAMPLE.bytes), temperature: 0 };
const hashOf = (data: string | Uint8Array) => `sha256:${createHash("sha256").update(data).digest("hex")}`;

describe("a receipt", () => {
  it("says what was asked, what was answered, and what it cost", async () => {
    const account = await newAccount();
    const response = await account.post("/v1/chat/completions", example);
    const answer = completion.parse(await response.json());
    const { payload } = await receiptOf(account, response);
    const { image_tokens, text_tokens } = answer.usage.prompt_tokens_details;
    expect(payload).toMatchObject({
      account: account.id,
      sequence: 1,
      previous: null,
      request: answer.id,
      request_hash: hashOf(JSON.stringify(example)),
      images: [hashOf(EXAMPLE.bytes)],
      answer_hash: hashOf(textOf(answer)),
      model: answer.model,
      status: "succeeded",
      usage: { image_tokens, text_tokens, output_tokens: answer.usage.completion_tokens },
      cache: "miss",
      cost_microcredits: answer.usage.cost_microcredits,
    });
    expect(payload.timings?.decode_ms).toBeGreaterThan(0);
    expect(JSON.stringify(payload)).not.toContain(textOf(answer));
  });

  it("says the same of a stream, a job and a cached answer, and marks what was cached", async () => {
    const account = await newAccount();
    const atOnce = await account.post("/v1/chat/completions", example, { "cache-control": "no-store" });
    await atOnce.body?.cancel();
    const first = await receiptOf(account, atOnce);
    const stream = await account.post("/v1/chat/completions", { ...example, stream: true });
    await stream.text();
    const { id } = await acceptJob(account, example, { "cache-control": "no-cache" });
    expect((await endedJob(account, id)).status).toBe("succeeded");
    const cached = await account.post("/v1/chat/completions", example);
    await cached.body?.cancel();

    const others = [
      await receiptOf(account, stream),
      await receiptOf(account, await account.fetch(`/v1/jobs/${id}`)),
      await receiptOf(account, cached),
    ];
    const { usage, answer_hash, cost_microcredits } = first.payload;
    for (const { payload } of others)
      expect(payload).toMatchObject({ usage, answer_hash, status: "succeeded" });
    expect([first, ...others].map(({ payload }) => [payload.cache, payload.cost_microcredits])).toEqual([
      ["bypass", cost_microcredits],
      ["miss", cost_microcredits],
      ["bypass", cost_microcredits],
      ["hit", 0],
    ]);
  });

  it("is written for what fails, and costs nothing then", async () => {
    const account = await newAccount();
    const cut = EXAMPLE.bytes.subarray(0, EXAMPLE.bytes.length / 2);
    const response = await account.post("/v1/chat/completions", question("What is this?", cut));
    expect(response.status).toBe(400);
    const { data } = await listReceipts(account);
    expect(data).toMatchObject([{ payload: { status: "failed", cost_microcredits: 0, answer_hash: null } }]);
  });

  it("is not written for what is refused", async () => {
    const account = await newAccount(1);
    expect((await account.post("/v1/chat/completions", example)).status).toBe(402);
    expect((await listReceipts(account)).data).toEqual([]);
  });

  it("does not exist for another account, and needs the scope usage:read", async () => {
    const [owner, stranger] = await Promise.all([newAccount(), newAccount()]);
    const { id } = await receiptOf(owner, await owner.post("/v1/chat/completions", example));
    const [foreign, missing] = await Promise.all([
      stranger.fetch(`/v1/receipts/${id}`),
      stranger.fetch("/v1/receipts/rcpt_00000000000000000000000000000000"),
    ]);
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(await foreign.text()).toBe(await missing.text());
    expect((await stranger.fetch(`/v1/receipts?after=${id}`)).status).toBe(404);

    const { key } = await owner.makeKey({ name: "no usage", scopes: ["infer", "jobs"] });
    for (const path of [`/v1/receipts/${id}`, "/v1/receipts"]) {
      const response = await owner.fetch(path, { headers: { authorization: `Bearer ${key}` } });
      expect(response.status).toBe(403);
    }
  });

  it.each([["?limit=0"], ["?limit=101"], ["?limit=x"], ["?order=random"], ["?colour=red"]])(
    "is not listed for %s",
    async (query) => {
      const response = await (await newAccount()).fetch(`/v1/receipts${query}`);
      expect(response.status).toBe(400);
      expect(envelope.parse(await response.json()).error.param).toBe(/\w+/.exec(query)?.[0]);
    },
  );
});

describe("a chain of receipts", () => {
  let account: Account;
  let lines: string[];
  let keys: (JsonWebKey & { kid: string })[];
  const folder = mkdtempSync(join(tmpdir(), "tessera-receipts-"));
  const jwks = join(folder, "jwks.json");

  beforeAll(async () => {
    account = await newAccount();
    for (let asked = 0; asked < 5; asked++) await account.ask(example);
    const printed = await tessera(account, "receipts");
    expect(printed).toMatchObject({ code: 0, err: "" });
    lines = printed.out.trim().split("\n");
    const published = await (await fetch(new URL("/.well-known/jwks.json", account.product.url))).text();
    writeFileSync(jwks, published);
    keys = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }).parse(JSON.parse(published)).keys;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function fileOf(receipts: readonly string[]): string {
    const path = join(folder, "receipts.txt");
    writeFileSync(path, `${receipts.join("\n")}\n`);
    return path;
  }

  /** The receipts with one bit of the payload of one of them changed. */
  function tampered(): string[] {
    const [header, payload = "", signature] = lines[2]!.split(".");
    const bytes = Buffer.from(payload, "base64url");
    const cost = bytes.indexOf('"sequence":3') + '"sequence":'.length;
    bytes[cost]! ^= 1;
    return lines.with(2, [header, bytes.toString("base64url"), signature].join("."));
  }

  it("is listed in pages, along the chain and against it", async () => {
    const { data } = await listReceipts(account, "?order=asc");
    expect(data.map(({ payload }) => payload.sequence)).toEqual([1, 2, 3, 4, 5]);
    const latest = await listReceipts(account, "?limit=2");
    expect(latest.data.map(({ payload }) => payload.sequence)).toEqual([5, 4]);
    expect(latest.has_more).toBe(true);
    const rest = await listReceipts(account, `?limit=3&after=${latest.data[1]!.id}`);
    expect(rest.data.map(({ payload }) => payload.sequence)).toEqual([3, 2, 1]);
    expect(rest.has_more).toBe(false);
  });

  it("is verified by Node's own crypto", () => {
    expect(lines).toHaveLength(5);
    for (const line of [...lines, ...tampered()]) {
      const [header = "", payload = "", signature = ""] = line.split(".");
      const { kid } = JSON.parse(Buffer.from(header, "base64url").toString());
      const key = createPublicKey({ key: keys.find((each) => each.kid === kid) ?? {}, format: "jwk" });
      const signed = Buffer.from(`${header}.${payload}`);
      expect(verify(null, signed, key, Buffer.from(signature, "base64url"))).toBe(lines.includes(line));
    }
    const previous = lines.map(
      (line) => JSON.parse(Buffer.from(line.split(".")[1]!, "base64url").toString()).previous,
    );
    const hashes = lines.map((line) => hashOf(Buffer.from(line.split(".")[1]!, "base64url")));
    expect(previous).toEqual([null, ...hashes.slice(0, -1)]);
  });

  const { snippets } = readPage("docs/receipts.md");
  const script = (file: string) => snippets.find((snippet) => snippet.file === file)?.text ?? "";

  const verifiers: Record<string, (path: string) => ReturnType<typeof runProgram>> = {
    "tessera verify": (path) => tessera(undefined, "verify", path, "--jwks", jwks),
    "the documents' jose": (path) =>
      runProgram(process.execPath, ["--input-type=module", "-e", script("verify.mjs"), "script", path, jwks]),
    "the documents' Python": (path) => runProgram("python3", ["-c", script("verify.py"), path, jwks]),
  };

  describe.each(Object.keys(verifiers))("is checked by %s", (name) => {
    const check = verifiers[name]!;
    const runs = !name.includes("Python") || hasCryptography();

    it.runIf(runs)("and holds, from its beginning or from later on", async () => {
      expect(await check(fileOf(lines))).toMatchObject({ code: 0, err: "" });
      expect(await check(fileOf(lines.slice(2)))).toMatchObject({ code: 0, err: "" });
    });

    it.runIf(runs)("and does not with a changed byte, or a missing receipt", async () => {
      expect((await check(fileOf(tampered()))).code).toBe(1);
      const missing = await check(fileOf(lines.toSpliced(2, 1)));
      expect(missing.code).toBe(1);
      expect(missing.err).toMatch(/Receipt 3 is missing|receipt 4 does not follow/);
    });
  });

  it("is checked by tessera verify in every form it has", async () => {
    const [last] = (await listReceipts(account)).data;
    const answer = join(folder, "receipt.json");
    writeFileSync(answer, JSON.stringify(last));
    for (const receipt of [answer, last!.jws]) {
      const { code, out } = await tessera(undefined, "verify", receipt, "--jwks", jwks);
      expect(code).toBe(0);
      expect(out).toContain(last!.id);
    }
    const online = await tessera(account, "verify", "--json", last!.jws);
    expect(JSON.parse(online.out)).toEqual(last!.payload);
    const page = join(folder, "page.json");
    writeFileSync(page, JSON.stringify(await listReceipts(account)));
    expect((await tessera(account, "verify", page)).code).toBe(0);
  });

  it.each([
    [["verify"], 2],
    [["verify", "no-such-file"], 1],
    [["verify", "no-such-file", "--jwks", "no-such-keys"], 1],
    [["verify", "docs/receipts.md", "--jwks", "package.json"], 1],
    [["receipts", "rcpt_none"], 1],
  ])("%j fails in a line, and says where to look", async (argv, code) => {
    const ran = await tessera(account, ...argv);
    expect(ran).toMatchObject({ code, out: "" });
    const [line, advice, ...more] = ran.err.trimEnd().split("\n");
    expect(line).toMatch(/^tessera (verify|receipts): /);
    expect(advice ?? "--help").toContain("--help");
    expect(more).toEqual([]);
  });
});

/** Python and its package are no dependency of the repository; where they are there, they have the last word. */
function hasCryptography(): boolean {
  try {
    execFileSync("python3", ["-c", "import cryptography"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
