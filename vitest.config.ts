import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const src = fileURLToPath(new URL("./src", import.meta.url))

// They start programs or measure memory and time over sockets, so they are slow. Other tests cover the same lines of src.
const programs = [
  "test/programs.test.ts",
  "test/soak.test.ts",
  "test/bounds.test.ts",
  "test/OperationsEmulator.gcloud.test.ts",
  "test/OperationsEmulator.googleapis.test.ts",
  "test/cli/process.test.ts",
  "test/cli/terminal.test.ts"
]

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
    // The files that one worker runs share its process and the modules of src. Loading them anew for each file takes a
    // third of the time of all tests. A file leaves nothing behind: it restores `process.env`, and closes what it opens.
    isolate: false,
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
          exclude: [...programs, ...killingProcesses, "test/package/**"]
        }
      },
      // `npm run check` runs the three projects that follow; the programs with `--isolate`, as they measure their process.
      { extends: true, test: { name: "programs", include: programs } },
      // Most of their time they wait, so some of them run side by side.
      { extends: true, test: { name: "processes", include: killingProcesses, maxConcurrency: 3 } },
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
