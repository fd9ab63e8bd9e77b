/** Logprobs in OpenAI's form, the same however an answer comes, and never from an answer that was made without them. */
import { expect, it } from "vitest";
import { z } from "zod";
import { EXAMPLE } from "../helpers/examples.ts";
import { acceptJob, endedJob } from "../helpers/jobs.ts";
import { type Completion, completion, question } from "../helpers/question.ts";
import { newAccount } from "../helpers/shared.ts";
import { readStream } from "../helpers/stream.ts";

const plain = { ...question(EXAMPLE.question, EXAMPLE.bytes), temperature: 0 };
const asking = { ...plain, logprobs: true, top_logprobs: 2 };

function contentOf({ choices }: Completion) {
  return choices[0].logprobs?.content;
}

it("come with an answer, a stream, a job and their repetitions, one for each token", async () => {
  const account = await newAccount();
  const answer = await account.ask(asking, { "cache-control": "no-store" });
  const content = contentOf(answer) ?? [];
  expect(content).toHaveLength(answer.usage.completion_tokens);
  expect(content.map(({ token }) => token).join("")).toBe(answer.choices[0].message.content);
  for (const { top_logprobs, ...token } of content) {
    expect(token.bytes).toEqual([...new TextEncoder().encode(token.token)]);
    expect(top_logprobs).toHaveLength(2);
    expect(top_logprobs[0]).toEqual(token);
  }

  const noStore = { "cache-control": "no-store" };
  const streamed = await account.post("/v1/chat/completions", { ...asking, stream: true }, noStore);
  expect((await readStream(streamed)).logprobs).toEqual(content);

  const job = await acceptJob(account, asking, noStore);
  const ended = await endedJob(account, job.id);
  expect(ended.result && contentOf(ended.result)).toEqual(content);

  const key = { "idempotency-key": crypto.randomUUID(), ...noStore };
  const watched = await account.post("/v1/chat/completions", { ...asking, stream: true }, key);
  expect((await readStream(watched)).logprobs).toEqual(content);
  const repeated = await account.post("/v1/chat/completions", { ...asking, stream: true }, key);
  expect(repeated.headers.get("idempotent-replayed")).toBe("true");
  expect((await readStream(repeated)).logprobs).toEqual(content);
  const other = await account.post("/v1/chat/completions", { ...asking, top_logprobs: 3 }, key);
  expect(other.status).toBe(422);
  expect(await other.json()).toMatchObject({ error: { code: "idempotency_key_reused" } });
});

it("are neither shown nor missing because of what is cached", async () => {
  const account = await newAccount();
  const bodies = [plain, { ...asking, top_logprobs: 0 }, asking];
  for (const status of ["tessera; fwd=uri-miss", "tessera; hit"]) {
    for (const [index, body] of bodies.entries()) {
      const response = await account.post("/v1/chat/completions", body);
      expect(response.headers.get("cache-status")).toBe(status);
      const answer = completion.parse(await response.json());
      expect(contentOf(answer)?.[0]?.top_logprobs.length).toBe([undefined, 0, 2][index]);
    }
  }
});

it("are named among what the model takes, which is nothing while nobody serves it", async () => {
  const account = await newAccount();
  const models = z
    .object({ data: z.array(z.object({ id: z.string(), capabilities: z.array(z.string()) })) })
    .parse(await (await account.fetch("/v1/models")).json());
  const capabilities = Object.fromEntries(models.data.map((model) => [model.id, model.capabilities]));
  expect(capabilities).toMatchObject({ "tessera-tiny": ["logprobs"], "llava-v1.6-34b": [] });
});
