import { defineConfig } from "vitest/config";

/** `npm run test:browser`: apart from `npm test`, which needs nothing but npm. */
export default defineConfig({
  test: {
    name: "browser",
    include: ["test/browser/**/*.test.ts"],
    globalSetup: "./test/helpers/setup.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
