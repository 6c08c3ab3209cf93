import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const src = fileURLToPath(new URL("./src", import.meta.url))

// They start programs, so they are slow, and they cover nothing of src in the process that measures coverage.
const programs = [
  "test/programs.test.ts",
  "test/soak.test.ts",
  "test/OperationsEmulator.gcloud.test.ts",
  "test/OperationsEmulator.googleapis.test.ts"
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
    // Vitest leaves one processor free, which is half of a small machine.
    maxWorkers: availableParallelism(),
    // For a busy machine: no test waits this long for anything.
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: "main",
          include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
          exclude: [...programs, "test/package/**"]
        }
      },
      // `npm run check` runs the two projects that follow.
      { extends: true, test: { name: "programs", include: programs } },
      // Installs the package as its users do.
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
