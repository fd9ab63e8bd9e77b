import { join } from "node:path";
import { apiCommand } from "./command.ts";
import { CLONE } from "./connection.ts";

const ABOUT = `
Serves two tools on standard input and output, until the input ends:
  ask_image             ask a question about images
  count_image_tokens    count a question's tokens and its highest cost, without asking it

Agents pass images as absolute paths, https URLs, or sha256:… of uploaded images.`;

export function mcp() {
  return apiCommand("mcp", "let agent tools ask about images (Model Context Protocol over stdio)")
    .addHelpText("after", ABOUT)
    .addHelpText("after", `\nAn agent's configuration, which works in any folder:\n  ${configuration()}`)
    .action(async (options) => {
      // Loaded here, for the protocol's code would cost every other command's start a tenth of a second.
      const { serveMcp } = await import("./mcp-server.ts");
      await serveMcp(options);
    });
}

/** Names files, for npx fetches a stranger's package where it finds no tessera. */
function configuration(): string {
  const server = { command: process.execPath, args: [join(CLONE, "cli", "main.ts"), "mcp"] };
  return JSON.stringify({ mcpServers: { tessera: server } });
}
