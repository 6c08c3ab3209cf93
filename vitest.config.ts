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
    projects: [
      // What `npm test` runs.
      {
        extends: true,
        test: { name: "main", include: ["test/**/*.test.ts", "examples/**/*.test.ts"], exclude: ["test/package/**"] }
      },
      // Installs the package as its users do; `npm run check` runs it.
      { extends: true, test: { name: "package", include: ["test/package/**/*.test.ts"] } }
    ],
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text"],
      thresholds: { branches: 95, lines: 95 }
    }
  }
})
