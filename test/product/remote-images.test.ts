/** Pictures by https URL: fetched with every check of every hop, or refused. */
import { describe, expect, it } from "vitest";
import { EXAMPLE } from "../helpers/examples.ts";
import { question, textOf } from "../helpers/question.ts";
import { expectRefusal, expectUntouched } from "../helpers/refusal.ts";
import { newAccount, pictureOrigin } from "../helpers/shared.ts";

const PARAM = "messages.0.content.0.image_url.url";

/** Every spelling of an address that is not on the public web. */
const PRIVATE = [
  "http://example.com/a.png",
  "https://127.0.0.1/a.png",
  "https://127.1/a.png",
  "https://0x7f.1/a.png",
  "https://2130706433/a.png",
  "https://0177.0.0.1/a.png",
  "https://①②⑦.⓪.⓪.①/a.png",
  "https://0.0.0.0/a.png",
  "https://10.0.0.8/a.png",
  "https://172.16.0.1/a.png",
  "https://192.168.1.1/a.png",
  "https://169.254.169.254/latest/meta-data/",
  "https://100.64.0.1/a.png",
  "https://[::1]/a.png",
  "https://[::ffff:127.0.0.1]/a.png",
  "https://[::ffff:7f00:1]/a.png",
  "https://[64:ff9b::7f00:1]/a.png",
  "https://[fd00::1]/a.png",
  "https://localhost/a.png",
  "https://localhost./a.png",
  "https://LOCALHOST/a.png",
  "https://gpu.internal/a.png",
  "https://printer.local/a.png",
  "https://intranet/a.png",
  "https://user:password@example.com/a.png",
  "https://example.com:8443/a.png",
  "ftp://example.com/a.png",
];

describe.concurrent("a picture by URL", () => {
  it.each(["/picture.png", "/hops/0", "/hops/2"])("at %s is looked at", async (path) => {
    const account = await newAccount();
    const answer = await account.ask(question(EXAMPLE.question, pictureOrigin() + path));
    expect(textOf(answer)).toBe(EXAMPLE.answer);
    const sent = await account.count(question(EXAMPLE.question, EXAMPLE.bytes));
    expect(answer.usage.prompt_tokens).toBe(sent.prompt_tokens);
  });

  it.each([
    ["/hops/3", "image_too_many_redirects", /redirected more than 3 times/, 400],
    ["/loop", "image_too_many_redirects", /redirected more than 3 times/, 400],
    ["/to-http", "url_not_public", /https/, 400],
    ["/to-address", "url_not_public", /not an IP address/, 400],
    ["/to-metadata", "url_not_public", /https/, 400],
    ["/to-localhost", "url_not_public", /not on the public web/, 400],
    ["/missing", "image_unreachable", /server answered 404/, 400],
    ["/hang-up", "image_unreachable", /could not be reached/, 400],
    ["/cut", "image_unreachable", /could not be reached/, 400],
    ["/page", "image_format_unsupported", /JPEG.*PNG/, 400],
    ["/endless", "image_too_many_bytes", /more than 20971520 bytes/, 413],
    ["/slow", "image_download_timeout", /did not arrive within 10 seconds/, 400],
  ])("at %s is refused with %s", async (path, code, message, status) => {
    const account = await newAccount();
    const body = question("What is this?", pictureOrigin() + path);
    const response = await account.post("/v1/chat/completions", body);
    await expectRefusal(response, { status, code, message, param: PARAM });
    await expectUntouched(account);
  });

  it.each(PRIVATE)("at %s is not fetched", async (url) => {
    const account = await newAccount();
    const response = await account.post("/v1/chat/completions", question("What is this?", url));
    await expectRefusal(response, { status: 400, code: "url_not_public", message: /^The URL/, param: PARAM });
    await expectUntouched(account);
  });

  it("is not fetched for a key that is no longer valid", async () => {
    const account = await newAccount();
    const { id, key } = await account.makeKey({ name: "revoked" });
    await account.fetch(`/v1/keys/${id}`, { method: "DELETE" });
    const response = await account.post(
      "/v1/chat/completions",
      question("What is this?", `${pictureOrigin()}/slow`),
      { authorization: `Bearer ${key}` },
    );
    await expectRefusal(response, {
      status: 401,
      code: "invalid_api_key",
      message: /not valid/,
      param: null,
    });
  });
});
