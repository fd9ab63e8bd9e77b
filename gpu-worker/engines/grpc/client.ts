import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { VllmEngine } from "./protocol_pb.ts";

export type EngineClient = Client<typeof VllmEngine>;

/**
 * Megabytes that one connection may hold unsent. Node's own bound of 10 refuses streams with ENHANCE_YOUR_CALM as soon
 * as some requests of up to 27 MB are on their way at once; the worker's slots and queue bound them here.
 */
const SESSION_MEGABYTES = 4096;

/** Speaks to the engine on a port of this machine. */
export function connect(port: number): EngineClient {
  const nodeOptions = { maxSessionMemory: SESSION_MEGABYTES };
  return createClient(VllmEngine, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}`, nodeOptions }));
}
