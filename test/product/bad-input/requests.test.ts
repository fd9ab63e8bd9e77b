/** Requests that can't be answered as they are: each is told what is wrong and where, and none costs anything. */
import { describe, expect, it } from "vitest";
import { EXAMPLE } from "../../helpers/examples.ts";
import { stripes } from "../../helpers/picture.ts";
import { type ChatBody, question } from "../../helpers/question.ts";
import { expectRefusal, expectUntouched, type Refusal } from "../../helpers/refusal.ts";
import { newAccount } from "../../helpers/shared.ts";

const example = question(EXAMPLE.question, EXAMPLE.bytes);
const [turn] = example.messages;

function unsupported(param: string, message = new RegExp(`'${param}' is not supported`)): Refusal {
  return { status: 400, code: "unsupported_parameter", message, param };
}

function invalid(param: string | null, message: RegExp): Refusal {
  return { status: 400, code: "invalid_value", message, param };
}

const PARAMETERS: readonly (readonly [string, object, Refusal])[] = [
  ["n: 2", { n: 2 }, unsupported("n", /This value of 'n' is not supported, only 1/)],
  [
    "response_format: json_object",
    { response_format: { type: "json_object" } },
    unsupported("response_format"),
  ],
  [
    "response_format: json_schema, which the embedded engine can't follow",
    { response_format: { type: "json_schema", json_schema: { name: "a", schema: { type: "null" } } } },
    unsupported("response_format", /not supported by what serves tessera-tiny.*\/v1\/models/),
  ],
  [
    "a schema with a keyword that is not taken",
    {
      response_format: {
        type: "json_schema",
        json_schema: { name: "a", schema: { type: "string", pattern: "(a*)*" } },
      },
    },
    invalid("response_format.json_schema.schema", /'pattern' is not supported/),
  ],
  [
    "a schema without a name",
    { response_format: { type: "json_schema", json_schema: { schema: { type: "null" } } } },
    invalid("response_format.json_schema.name", /name' is missing; it must be a string\.$/),
  ],
  [
    "tools",
    { tools: [{ type: "function", function: { name: "f" } }] },
    unsupported("tools", /^'tools' is not supported\.$/),
  ],
  ["tool_choice: required", { tool_choice: "required" }, unsupported("tool_choice")],
  ["logprobs: 5", { logprobs: 5 }, invalid("logprobs", /^'logprobs' must be true or false, not a number\.$/)],
  ["top_logprobs alone", { top_logprobs: 5 }, invalid("top_logprobs", /needs 'logprobs'/)],
  [
    "top_logprobs: 11",
    { logprobs: true, top_logprobs: 11 },
    invalid("top_logprobs", /^'top_logprobs' must be at most 10\.$/),
  ],
  ["logit_bias", { logit_bias: { "5": 1 } }, unsupported("logit_bias")],
  ["frequency_penalty", { frequency_penalty: 0.5 }, unsupported("frequency_penalty")],
  ["presence_penalty", { presence_penalty: -1 }, unsupported("presence_penalty")],
  ["store", { store: true }, unsupported("store")],
  ["modalities: audio", { modalities: ["audio"] }, unsupported("modalities")],
  ["a parameter of nobody's", { frobnicate: 1 }, unsupported("frobnicate")],
  ["stream_options of nobody's", { stream_options: { chunks: 3 } }, unsupported("stream_options.chunks")],
  [
    "a field of a huge name",
    { metadata: { ["a".repeat(5000)]: 1 } },
    invalid(`metadata.${"a".repeat(119)}`, /must be a string, not a number\.$/),
  ],
  ["no model", { model: undefined }, invalid("model", /^'model' is missing; it must be a string\.$/)],
  ["temperature: 3", { temperature: 3 }, invalid("temperature", /^'temperature' must be at most 2\.$/)],
  ["temperature: -1", { temperature: -1 }, invalid("temperature", /^'temperature' must be at least 0\.$/)],
  [
    "temperature: hot",
    { temperature: "hot" },
    invalid("temperature", /^'temperature' must be a number, not a string\.$/),
  ],
  ["top_p: 0", { top_p: 0 }, invalid("top_p", /^'top_p' must be more than 0\.$/)],
  ["max_tokens: 0", { max_tokens: 0 }, invalid("max_tokens", /^'max_tokens' must be at least 1\.$/)],
  [
    "max_tokens: 257",
    { max_tokens: 257 },
    invalid("max_tokens", /'max_tokens' is 257; .* at most 256 tokens/),
  ],
  [
    "max_completion_tokens: 1000",
    { max_completion_tokens: 1000 },
    invalid("max_completion_tokens", /'max_completion_tokens' is 1000; .* at most 256 tokens/),
  ],
  ["seed: 1.5", { seed: 1.5 }, invalid("seed", /^'seed' must be a whole number\.$/)],
  [
    "five stops",
    { stop: ["a", "b", "c", "d", "e"] },
    invalid("stop", /^'stop' must have at most 4 items\.$/),
  ],
  [
    "a stop longer than any answer",
    { stop: ["a".repeat(2_000_000)] },
    invalid("stop.0", /^'stop\.0' must have at most 1024 characters\.$/),
  ],
  ["stream: 1", { stream: 1 }, invalid("stream", /^'stream' must be true or false, not a number\.$/)],
  [
    "a model that nobody knows",
    { model: "gpt-4o" },
    { status: 404, code: "model_not_found", message: /no model 'gpt-4o'. See \/v1\/models/, param: "model" },
  ],
  ["a model that is a number", { model: 5 }, invalid("model", /^'model' must be a string, not a number\.$/)],
  [
    "a model that no worker serves",
    { model: "llava-v1.6-34b" },
    {
      status: 503,
      code: "no_worker",
      message:
        /^No worker serves llava-v1\.6-34b\. REPLICATE_API_TOKEN=.* Attach one: .*TESSERA_MODEL=llava-v1\.6-34b/,
      param: null,
    },
  ],
];

const user = (content: unknown) => ({ messages: [{ role: "user", content }] });

const MESSAGES: readonly (readonly [string, object, Refusal])[] = [
  ["no messages", { messages: [] }, invalid("messages", /^'messages' must have at least 1 item\.$/)],
  [
    "messages that are text",
    { messages: "Hello" },
    invalid("messages", /^'messages' must be an array, not a string\.$/),
  ],
  [
    "a role of nobody's",
    { messages: [{ role: "tool", content: "5" }] },
    invalid(
      "messages.0.role",
      /^'messages\.0\.role' must be "system", "developer", "user" or "assistant"\.$/,
    ),
  ],
  [
    "no content",
    { messages: [{ role: "user" }] },
    invalid("messages.0.content", /^'messages\.0\.content' is missing; it must be a string or an array\.$/),
  ],
  [
    "content: null",
    user(null),
    invalid("messages.0.content", /^'messages\.0\.content' must be a string or an array, not null\.$/),
  ],
  [
    "a part without a type",
    user([{ text: "Hi" }]),
    invalid("messages.0.content.0.type", /type' is missing; it must be "text" or "image_url"\.$/),
  ],
  [
    "an image without its URL",
    user([{ type: "image_url", image_url: {} }]),
    invalid("messages.0.content.0.image_url.url", /url' is missing; it must be a string\.$/),
  ],
  ["empty content", user([]), invalid("messages.0.content", /must have at least 1 item\.$/)],
  [
    "audio",
    user([{ type: "input_audio", input_audio: { data: "", format: "wav" } }]),
    invalid("messages.0.content.0.type", /type/),
  ],
  [
    "a field of nobody's in a part",
    user([{ type: "text", text: "Hi", cache_control: {} }]),
    unsupported("messages.0.content.0.cache_control"),
  ],
  [
    "a detail of nobody's",
    user([{ type: "image_url", image_url: { url: "https://example.com/a.png", detail: "ultra" } }]),
    invalid("messages.0.content.0.image_url.detail", /must be "auto", "low" or "high"\.$/),
  ],
  [
    "a picture from the assistant",
    { messages: [{ ...turn, role: "assistant" }, turn] },
    invalid("messages.0.content.0.type", /type/),
  ],
  [
    "an assistant's turn at the end",
    { messages: [turn, { role: "assistant", content: "Red." }] },
    { status: 400, code: "missing_user_turn", message: /last message must be a user's/, param: "messages" },
  ],
  [
    "a system message alone",
    { messages: [{ role: "system", content: "Answer." }] },
    { status: 400, code: "missing_user_turn", message: /last message must be a user's/, param: "messages" },
  ],
  [
    "five pictures",
    question("Which?", ...[1, 2, 3, 4, 5].map((seed) => stripes(20, 20, seed))),
    {
      status: 400,
      code: "too_many_images",
      message: /has 5 images; tessera-tiny takes at most 4/,
      param: "messages",
    },
  ],
  [
    "a text too long to be counted",
    user("a".repeat(32_769)),
    { status: 400, code: "text_too_long", message: /32769 characters; at most 32768/, param: "messages" },
  ],
  [
    "more turns than fit any context",
    { messages: Array.from({ length: 1025 }, () => ({ role: "user", content: "" })) },
    invalid("messages", /^'messages' must have at most 1024 items\.$/),
  ],
  [
    "a prompt that does not fit",
    question("🦜".repeat(2000), stripes(336, 336, 1)),
    {
      status: 400,
      code: "context_length_exceeded",
      message:
        /^The prompt has \d{4,} tokens \(300 of images, \d{4,} of text\) and needs at least 1 for the answer; tessera-tiny fits 4096 in all\.$/,
      param: "messages",
    },
  ],
];

const BODIES: readonly (readonly [string, string | Uint8Array<ArrayBuffer>, string | undefined, Refusal])[] =
  [
    ["JSON that ends early", '{"model":', "application/json", malformed()],
    ["no body", "", "application/json", malformed()],
    ["text that is not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "application/json", malformed()],
    ["a list", "[]", "application/json", invalid(null, /^The body must be an object, not an array\.$/)],
    [
      "a word",
      "null",
      "application/json; charset=utf-8",
      invalid(null, /^The body must be an object, not null\.$/),
    ],
    ["a form", "model=tessera-tiny", "application/x-www-form-urlencoded", mediaType()],
    ["text", JSON.stringify(example), "text/plain", mediaType()],
    [
      "a million values",
      `{"model":"tessera-tiny","messages":[${"0,".repeat(1_000_000)}0]}`,
      "application/json",
      invalid(null, /more than 65536 values/),
    ],
    [
      "a schema nested beyond any stack",
      JSON.stringify({
        ...example,
        response_format: { type: "json_schema", json_schema: { name: "a", schema: { const: "deep" } } },
      }).replace('"deep"', "[".repeat(30_000) + "]".repeat(30_000)),
      "application/json",
      invalid("response_format.json_schema.schema", /nested deeper than 32 levels/),
    ],
    [
      "more than may be sent",
      JSON.stringify({ ...example, user: "a".repeat(15 << 20) }),
      "application/json",
      { status: 413, code: "body_too_large", message: /more than 15728640 bytes/, param: null },
    ],
  ];

function malformed(): Refusal {
  return { status: 400, code: "malformed_json", message: /^The body is not valid JSON\.$/, param: null };
}

function mediaType(): Refusal {
  return {
    status: 415,
    code: "unsupported_media_type",
    message: /Content-Type must be application\/json/,
    param: null,
  };
}

async function expectQuestionRefused(changes: object, refusal: Refusal): Promise<void> {
  const account = await newAccount();
  const body: ChatBody = { ...example, ...changes };
  await expectRefusal(await account.post("/v1/chat/completions", body), refusal);
  await expectUntouched(account);
  if (refusal.code === "no_worker") return;
  await expectRefusal(await account.post("/v1/preflight", body), refusal);
  await expectRefusal(await account.post("/v1/chat/completions", body, { prefer: "respond-async" }), refusal);
  await expectUntouched(account);
}

describe.concurrent("a question", () => {
  it.each(PARAMETERS)("with %s is refused", async (_, changes, refusal) => {
    await expectQuestionRefused(changes, refusal);
  });

  it.each(MESSAGES)("with %s is refused", async (_, changes, refusal) => {
    await expectQuestionRefused(changes, refusal);
  });

  it("that asks for more than the context leaves is told both numbers", async () => {
    await expectQuestionRefused(
      { ...question("🦜".repeat(970)), max_tokens: 256 },
      {
        status: 400,
        code: "context_length_exceeded",
        message: /^The prompt has \d+ tokens .* needs 256 for the answer; tessera-tiny fits 4096 in all\.$/,
        param: "messages",
      },
    );
  });

  it("that nobody serves is refused with its status when a stream is asked for too", async () => {
    const account = await newAccount();
    const body = { ...example, model: "llava-v1.6-34b", stream: true };
    const response = await account.post("/v1/chat/completions", body);
    expect(response.headers.get("x-should-retry")).toBe("false");
    await expectRefusal(response, {
      status: 503,
      code: "no_worker",
      message: /TESSERA_MODEL=llava-v1\.6-34b/,
      param: null,
    });
    await expectUntouched(account);
  });
});

describe.concurrent("a body", () => {
  it.each(BODIES)("that is %s is refused", async (_, body, type, refusal) => {
    const account = await newAccount();
    for (const path of ["/v1/chat/completions", "/v1/preflight"]) {
      const headers = type === undefined ? {} : { "content-type": type };
      await expectRefusal(await account.fetch(path, { method: "POST", headers, body }), refusal);
    }
    await expectUntouched(account);
  });

  it("that does not follow its route's schema is refused on the others", async () => {
    const account = await newAccount();
    await expectRefusal(await account.post("/v1/keys", {}), invalid("name", /^'name' is missing\.$/));
    await expectRefusal(
      await account.post("/v1/keys", { name: "a", scopes: ["everything"] }),
      invalid("scopes.0", /^'scopes\.0' must be "infer", .* or "webhooks:write"\.$/),
    );
    await expectRefusal(await account.post("/v1/keys", { name: "a", admin: true }), unsupported("admin"));
    const operator = { authorization: `Bearer ${account.product.adminKey}` };
    await expectRefusal(
      await account.post("/v1/admin/accounts", { name: "a", credit_microcredits: -1 }, operator),
      invalid("credit_microcredits", /^'credit_microcredits' must be at least 0\.$/),
    );
    await expectRefusal(
      await account.post("/v1/admin/accounts/nobody/grants", { id: "a", amount_microcredits: 1 }, operator),
      { status: 404, code: "account_not_found", message: /no such account/, param: null },
    );
  });
});

describe("a path", () => {
  it.each(["/v1/completions", "/v1/chat", "/v2/models", "/v1/images", "/favicon.ico"])(
    "%s that nobody serves is not found",
    async (path) => {
      const account = await newAccount();
      await expectRefusal(await account.fetch(path), {
        status: 404,
        code: "not_found",
        message: /nothing at this path. See \/openapi\.json/,
        param: null,
      });
    },
  );

  it.each([
    ["GET", "/v1/chat/completions", "POST"],
    ["DELETE", "/v1/models", "GET"],
    ["POST", "/v1/jobs/job_1", "GET"],
    ["PATCH", "/v1/keys", "GET, POST"],
    ["POST", "/healthz", "GET"],
  ])("is not served for %s %s, and the answer says for what it is", async (method, path, allow) => {
    const account = await newAccount();
    const response = await account.fetch(path, { method });
    expect(response.headers.get("allow")?.split(", ").sort().join(", ")).toBe(allow);
    await expectRefusal(response, {
      status: 405,
      code: "method_not_allowed",
      message: new RegExp(`^${method} is not allowed here`),
      param: null,
    });
  });

  it.each([
    ["/v1/models/gpt-4o", "model_not_found"],
    ["/v1/jobs/job_unknown", "job_not_found"],
    [`/v1/images/sha256:${"0".repeat(64)}`, "image_not_found"],
  ])("%s of nothing is not found", async (path, code) => {
    const account = await newAccount();
    await expectRefusal(await account.fetch(path), { status: 404, code, message: /no/, param: null });
  });

  it("of no key is not found", async () => {
    const account = await newAccount();
    const response = await account.fetch("/v1/keys/key_unknown", { method: "DELETE" });
    await expectRefusal(response, {
      status: 404,
      code: "key_not_found",
      message: /no such key/,
      param: null,
    });
  });
});
