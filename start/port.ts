import { createServer } from "node:net";
import { StartError } from "./error.ts";

/** The port to listen on: the one asked for, if it is free, or any free one for 0. */
export function claimPort(host: string, port: number): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(new StartError(explain(error, host, port))),
    );
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === "object" && address ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === "EADDRINUSE") {
    return `Port ${port} is taken. Choose another: PORT=${port + 1} npm start (PORT=0 finds a free one).`;
  }
  if (error.code === "EACCES")
    return `Port ${port} needs more rights than this user has. Choose one above 1023.`;
  return `Can't listen on ${host}, port ${port}: ${error.message}`;
}
