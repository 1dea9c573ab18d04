import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: "e2e",
    include: ["*.test.ts"],
    globalSetup: "setup.ts",
    // One browser and one server at a time: two cores are enough for that and for no more.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
