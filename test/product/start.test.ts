/** A start that can't be says why in one line, and disturbs nothing. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runStart, temporaryHome } from "../helpers/product.ts";
import { sharedHome, sharedProduct } from "../helpers/shared.ts";

let state: ReturnType<typeof temporaryHome>;

beforeEach(() => {
  state = temporaryHome();
});
afterEach(() => state.remove());

describe("npm start", () => {
  it("says in one line that its port is taken", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const address = blocker.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { code, output } = await runStart(state.home, { PORT: String(port) });
    blocker.close();
    expect(code).toBe(1);
    expect(output.trim().split("\n")).toHaveLength(1);
    expect(output).toContain(`Port ${port} is taken`);
  });

  it("says in one line that its state is in use, and leaves the first alone", async () => {
    const { url } = sharedProduct();
    const { code, output } = await runStart(sharedHome());
    expect(code).toBe(1);
    expect(output.trim()).toBe(`Tessera: it already runs at ${url}, with the state in ${sharedHome()}.`);
    expect((await fetch(new URL("/readyz", url))).status).toBe(200);
  });

  it.each([
    ["PORT", { PORT: "many" }],
    ["TESSERA_POOL_TARGETS", { TESSERA_POOL_TARGETS: "{" }],
    ["TESSERA_ADMIN_KEY", { TESSERA_ADMIN_KEY: "short" }],
  ])("says in one line that %s is wrong", async (name, environment) => {
    const { code, output } = await runStart(state.home, environment);
    expect(code).toBe(1);
    expect(output.trim().split("\n")).toHaveLength(1);
    expect(output).toContain(name);
  });

  it("says in one line that its state is damaged", async () => {
    writeFileSync(join(state.home, "secrets.json"), "{");
    const { code, output } = await runStart(state.home);
    expect(code).toBe(1);
    expect(output.trim().split("\n")).toHaveLength(1);
    expect(output).toMatch(/secrets\.json is damaged/);
  });
});
