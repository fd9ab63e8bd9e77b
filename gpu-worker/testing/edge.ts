import { once } from "node:events";
import { createServer } from "node:http";
import type { z } from "zod";
import { NONCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, verify } from "../../core/signature.ts";
import { readBody } from "../body.ts";
import { SECRET } from "./frames.ts";

export interface ReportedEdge<Report> {
  readonly url: string;
  /** The signed reports that came to its path, in order. */
  readonly received: readonly Report[];
  close(): void;
}

/** An edge that takes the reports of a path, and answers with the statuses in turn, then with 204. */
export async function reportedEdge<Report>(
  path: string,
  schema: z.ZodType<Report>,
  statuses: number[] = [],
): Promise<ReportedEdge<Report>> {
  const received: Report[] = [];
  const server = createServer(async (request, response) => {
    const body = await readBody(request, 10_000);
    if (!body.ok) throw new Error(body.error.message);
    const header = (name: string) => String(request.headers[name]);
    const signed = {
      method: "POST",
      path,
      timestamp: header(TIMESTAMP_HEADER),
      nonce: header(NONCE_HEADER),
      body: body.value,
    };
    if (request.url === path && (await verify(SECRET, signed, header(SIGNATURE_HEADER)))) {
      received.push(schema.parse(JSON.parse(new TextDecoder().decode(body.value))));
    }
    response.writeHead(statuses.shift() ?? 204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("No port.");
  return { received, url: `http://127.0.0.1:${address.port}`, close: () => void server.close() };
}
