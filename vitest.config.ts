import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const src = fileURLToPath(new URL("./src", import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^effect-google-operations$/, replacement: `${src}/index.ts` },
      { find: /^effect-google-operations\/(.*)$/, replacement: `${src}/$1.ts` }
    ]
  },
  test: {
    setupFiles: ["test/support/setup.ts"],
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    coverage: { provider: "v8", include: ["src/**"] }
  }
})
