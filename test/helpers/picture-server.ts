/** An https server on loopback with one page for every way in which fetching a picture can go. */
import { once } from "node:events";
import { createServer } from "node:https";
import type { Certificate } from "./certificate.ts";
import { EXAMPLE } from "./examples.ts";

export interface PictureServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Redirects that must not be followed: each leads to an address that no stranger may have fetched. */
const PRIVATE_TARGETS: Readonly<Record<string, string>> = {
  "/to-http": "http://example.com/picture.png",
  "/to-address": "https://10.0.0.8/picture.png",
  "/to-metadata": "http://169.254.169.254/latest/meta-data/",
  "/to-localhost": "https://localhost/picture.png",
};

export async function servePictures({ certificate, key }: Certificate): Promise<PictureServer> {
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const path = request.url ?? "/";
    const redirect = (location: string) => response.writeHead(302, { location }).end();
    const hops = /^\/hops\/(\d+)$/.exec(path)?.[1];
    const target = PRIVATE_TARGETS[path];
    if (path === "/picture.png") response.writeHead(200, { "content-type": "image/png" }).end(EXAMPLE.bytes);
    else if (hops !== undefined) redirect(hops === "0" ? "/picture.png" : `/hops/${Number(hops) - 1}`);
    else if (target !== undefined) redirect(target);
    else if (path === "/loop") redirect("/loop");
    else if (path === "/hang-up") request.socket.destroy();
    else if (path === "/page") response.writeHead(200, { "content-type": "image/png" }).end("<html></html>");
    else if (path === "/cut") {
      response.writeHead(200, { "content-type": "image/png", "content-length": EXAMPLE.bytes.length });
      response.write(EXAMPLE.bytes.subarray(0, 100), () => response.destroy());
    } else if (path === "/endless") {
      // No length is announced, so only counting what arrives can stop it.
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(1 << 20))) {}
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    } else if (path === "/slow") {
      response.writeHead(200, { "content-type": "image/png" });
      const drip = setInterval(() => response.write("."), 200);
      response.once("close", () => clearInterval(drip));
    } else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The picture server has no port.");
  return {
    origin: `https://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
