/** Law: whoever dies, what was computed for an attached request is paid once, and nothing else. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { Home } from "../../start/home.ts";
import { readOptions } from "../../start/options.ts";
import { launch, type Product, startEdge } from "../../start/product.ts";
import { untilReady } from "../../start/ready.ts";
import { type Account, openAccount } from "../helpers/account.ts";
import { findLongQuestion, type LongQuestion } from "../helpers/long-question.ts";
import { until } from "../helpers/poll.ts";
import { temporaryHome } from "../helpers/product.ts";
import { streamEvents } from "../helpers/stream.ts";

const { home: path, remove } = temporaryHome();
const options = readOptions({ PORT: "0", TESSERA_HOME: path });
const home = new Home(path);
const secrets = home.secrets(options.secrets);

let product: Product;
/** The edge that was started last. */
let edge: Product["edge"];
let account: Account;
let long: LongQuestion;

beforeAll(async () => {
  product = await launch(options, home, secrets, () => undefined);
  edge = product.edge;
  await product.edge.listening;
  await untilReady(product.url);
  const { url, workerUrl } = product;
  const { adminKey } = secrets;
  account = await openAccount({ url, workerUrl, adminKey, apiKey: "", webhookSecret: "" });
  long = await findLongQuestion(account);
}, 240_000);
afterAll(async () => {
  await product.worker.stop(5_000);
  await edge.stop(5_000);
  remove();
});

/** Kills the edge at once, its isolates with it, and starts it again with what it had written. */
async function crashEdge(): Promise<void> {
  edge.kill();
  const port = Number(new URL(product.url).port);
  await until("an end of the edge", async () =>
    fetch(`${product.url}/healthz`).then(
      () => false,
      () => true,
    ),
  );
  edge = startEdge(options, home, secrets, { port, workerUrl: product.workerUrl });
  await edge.listening;
}

it("charges what was computed until the edge died, reported by the worker after its return", {
  timeout: 120_000,
}, async () => {
  const before = await account.settledLedger();
  const response = await account.post("/v1/chat/completions", { ...long.body, stream: true });
  let shown = 0;
  await expect(async () => {
    for await (const event of streamEvents(response)) {
      if (event.type !== "chunk" || !event.chunk.choices[0]?.delta.content) continue;
      if (++shown === 2) edge.kill();
    }
  }).rejects.toThrow();
  await crashEdge();
  // Nobody else would end this hold before its expiry, minutes later.
  const { charged } = await account.settledLedger();
  const cost = charged - before.charged;
  expect(cost).toBeGreaterThanOrEqual(long.promptTokens + 4 * shown);
  expect(cost).toBeLessThanOrEqual(long.charge);
  expect((cost - long.promptTokens) % 4).toBe(0);
  // The account goes on as before.
  expect((await account.ask(long.body)).usage.completion_tokens).toBe(long.tokens);
  expect((await account.settledLedger()).charged).toBe(charged + long.charge);
});
