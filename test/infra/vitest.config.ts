import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "infra",
    include: ["test/infra/**/*.test.ts"],
    globalSetup: "./test/infra/tools.ts",
    testTimeout: 120_000,
  },
});
