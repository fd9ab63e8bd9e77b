import { once } from "node:events";
import { createServer } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { connect } from "./client.ts";

it("has many requests of megabytes on their way at once to an engine that reads slowly", async () => {
  const server = createServer();
  let arrived = 0;
  server.on("stream", async (stream) => {
    await sleep(50);
    for await (const _ of stream);
    arrived += 1;
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The server has no port.");
  const client = connect(address.port);
  const inline = new Uint8Array(6_773_760);
  await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      Array.fromAsync(client.generate({ requestId: String(index), mmInputs: { pixelValues: { inline } } })),
    ),
  );
  expect(arrived).toBe(12);
  server.close();
});
