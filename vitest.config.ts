import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const src = fileURLToPath(new URL("./src", import.meta.url))

// They cover nothing of src in the process that measures coverage.
const inProcessesOfTheirOwn = [
  "test/programs.test.ts",
  "test/soak.test.ts",
  "test/cli/process.test.ts",
  "test/cli/terminal.test.ts"
]

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
      {
        extends: true,
        test: {
          name: "main",
          include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
          exclude: [...inProcessesOfTheirOwn, "test/package/**"]
        }
      },
      { extends: true, test: { name: "programs", include: inProcessesOfTheirOwn } },
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
