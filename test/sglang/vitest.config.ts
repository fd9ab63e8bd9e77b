import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "sglang",
    include: ["test/sglang/**/*.test.ts"],
    globalSetup: "./test/sglang/tools.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
