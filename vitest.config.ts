import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { newReceiptKey } from "./start/receipt-key.ts";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{core,edge,vision,gpu-worker,cli,start,web}/**/*.test.ts",
            "test/{golden,properties,tokenizers}/**/*.test.ts",
          ],
          exclude: ["**/*.workerd.test.ts", "**/node_modules/**"],
          testTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              // The whole product, vision included, runs in the "product" project.
              serviceBindings: { VISION: () => new Response(null, { status: 501 }) },
              bindings: {
                KEY_SECRET: "workerd-tests-key-secret",
                POOL_SECRET: "workerd-tests-pool-secret",
                ADMIN_KEY: "workerd-tests-admin-key",
                MIGRATIONS: await readD1Migrations("./migrations"),
                RECEIPT_KEY: JSON.stringify(newReceiptKey()),
                LOOPBACK_WEBHOOKS: "allow",
                // How many interleavings the account's property test tries.
                TESSERA_RUNS: process.env.TESSERA_RUNS ?? "",
              },
            },
          }),
        ],
        test: {
          name: "workerd",
          setupFiles: "./edge/testing/database.ts",
          include: ["{edge,vision}/**/*.workerd.test.ts"],
          globalSetup: "./test/helpers/build-pages.ts",
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "product",
          include: ["test/{product,clients,documents}/**/*.test.ts"],
          globalSetup: "./test/helpers/setup.ts",
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // After the others: what is measured here would wait for their processors.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
