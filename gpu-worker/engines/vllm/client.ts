import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { VllmEngine } from "./protocol_pb.ts";

export type VllmClient = Client<typeof VllmEngine>;

/** Speaks to the engine on a port of this machine. */
export function connect(port: number): VllmClient {
  return createClient(VllmEngine, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }));
}
