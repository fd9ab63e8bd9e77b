/** `tessera` as a person or a script uses it: what it prints, and its exit codes. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import packageJson from "../../package.json" with { type: "json" };
import { EXAMPLE, EXAMPLES } from "../helpers/examples.ts";
import { completion, textOf } from "../helpers/question.ts";
import { newAccount } from "../helpers/shared.ts";
import { MAIN, runProgram, tessera } from "../helpers/tessera.ts";

describe("tessera ask", () => {
  it("answers about the committed pictures", async () => {
    const account = await newAccount();
    for (const { path, question, answer } of EXAMPLES) {
      expect(await tessera(account, "ask", path, question)).toEqual({ code: 0, out: `${answer}\n`, err: "" });
    }
  });

  it("prints the API's whole answer with --json", async () => {
    const account = await newAccount();
    const { code, out } = await tessera(
      account,
      "ask",
      EXAMPLE.path,
      EXAMPLE.question,
      "--json",
      "--max-tokens",
      "9",
    );
    expect(code).toBe(0);
    expect(out.trimEnd().split("\n")).toHaveLength(1);
    expect(textOf(completion.parse(JSON.parse(out)))).toBe(EXAMPLE.answer);
  });

  it("uses a picture by its digest", async () => {
    const account = await newAccount();
    const counted = await tessera(account, "preflight", EXAMPLE.path, EXAMPLE.question, "--json");
    const { images } = z
      .object({ images: z.array(z.object({ digest: z.string() })) })
      .parse(JSON.parse(counted.out));
    const digest = images[0]?.digest ?? "";
    const put = await account.fetch(`/v1/images/${digest}`, {
      method: "PUT",
      body: new Uint8Array(EXAMPLE.bytes),
    });
    expect(put.ok).toBe(true);
    expect(await tessera(account, "ask", digest, EXAMPLE.question)).toMatchObject({
      out: `${EXAMPLE.answer}\n`,
    });
  });

  it("says that an answer is cut, and where", async () => {
    const ran = await tessera(await newAccount(), "ask", EXAMPLE.path, EXAMPLE.question, "--max-tokens", "1");
    expect(ran).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^The answer is cut at 1 token; .*\n$/),
    });
  });

  it.each([
    [["ask", "docs", "What?"], "tessera ask: docs is a folder\n"],
    [["ask", "no-such-file.png", "What?"], "tessera ask: there is no file no-such-file.png\n"],
    [
      ["ask", "What?", "--model", "no-such-model"],
      /^tessera ask: model_not_found: .*\n {2}.*tessera models.*\n$/,
    ],
    [["ask", "What?", "--key", "tsr_wrong"], /^tessera ask: invalid_api_key: .*\n {2}.*tessera doctor.*\n$/],
    [
      ["ask", "What?", "--url", "http://127.0.0.1:65535"],
      /^tessera ask: no answer from http:\/\/127\.0\.0\.1:65535 \(ECONNREFUSED\)\n {2}.*tessera doctor.*\n$/,
      3,
    ],
    [
      ["ask", "What?", "--max-tokens", "999999"],
      /^tessera ask: invalid_value: .*'max_tokens'.*\n {2}That is --max-tokens\.\n$/,
    ],
    [
      ["ask", EXAMPLE.path, MAIN, "What?"],
      /^tessera ask: image_format_unsupported: .*\n {2}That is .*main\.ts\.\n$/,
    ],
    [["webhooks", "set", "http://example.com"], /^tessera webhooks set: url_not_public: .*\n$/],
    [["keys", "show", "x"], /^tessera keys show: 'x' is no id\. A key's id .*\n {2}See .*\n$/, 2],
  ])("%j fails in a line, and one on what to do", async (argv, line, wanted = 1) => {
    const { code, out, err } = await tessera(await newAccount(), ...argv);
    expect({ code, out }).toEqual({ code: wanted, out: "" });
    if (typeof line === "string") expect(err).toBe(line);
    else expect(err).toMatch(line);
  });
});

describe("tessera preflight", () => {
  it("counts what the answer then uses", async () => {
    const account = await newAccount();
    const counted = await tessera(account, "preflight", EXAMPLE.path, EXAMPLE.question);
    const answered = await tessera(account, "ask", EXAMPLE.path, EXAMPLE.question, "--json");
    const { prompt_tokens, prompt_tokens_details } = completion.parse(JSON.parse(answered.out)).usage;
    const { image_tokens, text_tokens } = prompt_tokens_details;
    expect(counted.out).toContain(`${image_tokens} image + ${text_tokens} text = ${prompt_tokens} tokens`);
  });
});

describe("tessera keys", () => {
  it("makes a key that works until it is revoked", async () => {
    const account = await newAccount();
    const made = await tessera(account, "keys", "create", "--name", "mine", "--scope", "infer");
    expect(made.code).toBe(0);
    const key = made.out.trim();
    expect(await tessera(account, "preflight", "Hello", "--key", key)).toMatchObject({ code: 0 });

    const listed = await tessera(account, "keys", "list", "--json");
    const row = z.object({ id: z.string(), name: z.string(), start: z.string() });
    const { data } = z.object({ data: z.array(row) }).parse(JSON.parse(listed.out));
    const mine = data.find(({ name }) => name === "mine");
    expect(key.startsWith(mine?.start ?? "nothing")).toBe(true);

    const id = mine?.id ?? "";
    expect(await tessera(account, "keys", "revoke", id)).toEqual({
      code: 0,
      out: `Key ${id} is revoked.\n`,
      err: "",
    });
    const { code, err } = await tessera(account, "preflight", "Hello", "--key", key);
    expect(code).toBe(1);
    expect(err).toContain("invalid_api_key");
  });
});

describe("a key's budget", () => {
  it("is raised by the line that its refusal shows", async () => {
    const account = await newAccount();
    const made = await tessera(account, "keys", "create", "--name", "small", "--budget-day", "1");
    const key = made.out.trim();
    const refused = await tessera(account, "ask", EXAMPLE.path, EXAMPLE.question, "--key", key);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("budget_exceeded") });
    const [, line = ""] = /tessera (keys update .* N) /.exec(refused.err) ?? [];
    expect(line).toContain("--budget-day");
    const raised = await tessera(account, ...line.replace(/N$/, "1000000").split(" "));
    expect(raised).toMatchObject({ code: 0, err: "" });
    expect(await tessera(account, "ask", EXAMPLE.path, EXAMPLE.question, "--key", key)).toMatchObject({
      out: `${EXAMPLE.answer}\n`,
    });
  });
});

describe("tessera usage", () => {
  it("fits a terminal", async () => {
    const account = await newAccount();
    await tessera(account, "ask", EXAMPLE.path, EXAMPLE.question);
    await account.settledLedger();
    const { out } = await tessera(account, "usage");
    expect(out).toMatch(/ {2}1 request, .*\ntotal: 1 request, /);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });
});

describe("tessera", () => {
  it("prints its version", async () => {
    expect(await tessera(undefined, "--version")).toEqual({
      code: 0,
      out: `${packageJson.version}\n`,
      err: "",
    });
  });

  it("ends in silence when its reader has enough", async () => {
    const line = `"$@" | head -c 1; exit "\${PIPESTATUS[0]}"`;
    const pictures = Array.from({ length: 9 }, () => EXAMPLE.path);
    const ran = await runProgram("bash", ["-c", line, "bash", process.execPath, MAIN, "tile", ...pictures]);
    expect(ran).toEqual({ code: 0, out: "{", err: "" });
  });

  it("shows agents a configuration that starts it from any folder", async () => {
    const { out } = await tessera(undefined, "mcp", "--help");
    expect(out).toContain(JSON.stringify({ command: process.execPath, args: [MAIN, "mcp"] }));
  });

  it.each([
    ["--help"],
    ["ask", "--help"],
    ["preflight", "-h"],
    ["keys", "--help"],
    ["tile", "--help"],
    ["receipts", "--help"],
    ["verify", "--help"],
  ])("explains itself: %s %s", async (...argv) => {
    const { code, out, err } = await tessera(undefined, ...argv);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Usage: tessera");
  });

  it.each([[["look"]], [["ask"]], [["keys", "lose"]], [["tile"]], [["ask", "What?", "--max-tokens", "x"]]])(
    "%j is wrong usage",
    async (argv) => {
      const { code, out, err } = await tessera(undefined, ...argv);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toMatch(/--help/);
    },
  );

  it("says how to get a server when there is none", async () => {
    const { code, err } = await tessera(undefined, "ask", "What?");
    expect(code).toBe(1);
    expect(err).toMatch(/^tessera ask: no server is running here\. Start one with npm start, .*\n {2}.*\n$/);
  });
});
