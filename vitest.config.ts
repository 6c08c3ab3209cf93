import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const src = fileURLToPath(new URL("./src", import.meta.url))

// They cover nothing of src in the process that measures coverage.
const inProcessesOfTheirOwn = ["test/programs.test.ts", "test/soak.test.ts"]

// They kill and freeze processes, which takes its time; `npm run check` runs them.
const killingProcesses = ["test/**/*.processes.test.ts"]

export default defineConfig({
  resolve: {
    alias: [
      { find: /^effect-google-operations$/, replacement: `${src}/index.ts` },
      { find: /^effect-google-operations\/(.*)$/, replacement: `${src}/$1.ts` }
    ]
  },
  test: {
    setupFiles: ["test/support/setup.ts"],
    // For a busy machine: no test waits this long for anything.
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: "main",
          include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
          exclude: [...inProcessesOfTheirOwn, ...killingProcesses, "test/package/**"]
        }
      },
      { extends: true, test: { name: "programs", include: inProcessesOfTheirOwn } },
      { extends: true, test: { name: "processes", include: killingProcesses } },
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
