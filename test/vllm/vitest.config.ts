/** `npm run test:vllm`: apart from the other tests, since it installs six gigabytes of its own tools. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "vllm",
    include: ["test/vllm/**/*.test.ts"],
    globalSetup: "./test/vllm/tools.ts",
    testTimeout: 900_000,
    hookTimeout: 900_000,
    fileParallelism: false,
    // One stack of processes goes through the tests in order.
    bail: 0,
  },
});
