import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { claimPort } from "./port.ts";

it("finds a free port", async () => {
  expect(await claimPort("127.0.0.1", 0)).toBeGreaterThan(0);
});

it("leaves the port that it claims free to listen on", async () => {
  const port = await claimPort("127.0.0.1", 0);
  expect(await claimPort("127.0.0.1", port)).toBe(port);
});

it("says that a port is taken, and what to do", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The server has no port.");
  await expect(claimPort("127.0.0.1", address.port)).rejects.toThrow(
    `Port ${address.port} is taken. Choose another: PORT=${address.port + 1} npm start (PORT=0 finds a free one).`,
  );
  server.close();
});
