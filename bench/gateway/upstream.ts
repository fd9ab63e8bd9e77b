/** The peers' upstream: an OpenAI-compatible server that answers at once. Prints its port; a process of its own. */
import { createServer } from "node:http";
import { TOKENS, WORD } from "./answer.ts";

const head = { id: "chatcmpl-1", created: 1_700_000_000, model: "llava" };
const usage = { prompt_tokens: 600, completion_tokens: TOKENS, total_tokens: 600 + TOKENS };
const words = Array.from({ length: TOKENS }, () => `${WORD} `);

const whole = JSON.stringify({
  ...head,
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: words.join("") }, finish_reason: "stop" }],
  usage,
});
const chunk = (delta: object, last?: object) =>
  `data: ${JSON.stringify({
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: last ? "stop" : null }],
    ...last,
  })}\n\n`;
const pieces = [...words.map((content) => chunk({ content })), chunk({}, { usage }), "data: [DONE]\n\n"];

const server = createServer(async (request, response) => {
  const body: Buffer[] = [];
  for await (const part of request) body.push(part);
  if (/"stream": ?true/.test(Buffer.concat(body).toString("latin1"))) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces) response.write(piece);
    response.end();
  } else {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(whole);
  }
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(JSON.stringify({ port: address?.port }));
});
