import { defineConfig } from "vitest/config";

/** `npm run test:clients`: apart from `npm test`, which needs no Python. */
export default defineConfig({
  test: {
    name: "clients",
    include: ["test/clients-python/**/*.test.ts"],
    globalSetup: ["./test/clients-python/tools.ts", "./test/helpers/setup.ts"],
    testTimeout: 600_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
  },
});
