import { defineConfig } from "vitest/config";

/** `npm run test:oracle`: apart from `npm test`, which needs no Python. */
export default defineConfig({
  test: {
    name: "oracle",
    include: ["test/oracle/**/*.test.ts"],
    globalSetup: "./test/oracle/tools.ts",
    testTimeout: 600_000,
    hookTimeout: 3_600_000,
  },
});
