/**
 * Runs the scenario in each runtime.
 */
import { build, type BuildOptions } from "esbuild"
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { tryExample } from "./example.js"
import type { Result } from "./scenario.js"
import { type Server, startServer } from "./server.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

// Every step ends within 15 seconds.
const timeout = 150_000

/** The results of a run, or the reason why the runtime is skipped. */
export interface Row {
  readonly runtime: string
  readonly client: string
  readonly results: ReadonlyArray<Result> | string
}

/** A runtime is not on this machine, and cannot be installed. */
class Unavailable extends Error {}

/** The path of the program of a package, which npm installs in its cache. */
const programOf = (name: string, version: string): string => {
  const options = ["--yes", "--prefer-offline", "--loglevel=error", `--package=${name}@${version}`]
  try {
    return realpathSync(
      execFileSync("npm", ["exec", ...options, "-c", `command -v ${name}`], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
        timeout: 300_000
      }).trim()
    )
  } catch (cause) {
    throw new Unavailable(`npm could not install ${name}@${version}`, { cause })
  }
}

/** Reads the results that a program has printed or sent. */
const parse = (text: string): ReadonlyArray<Result> => JSON.parse(text.trim().split("\n").at(-1) ?? "")

const bundle = async (program: string, options: BuildOptions): Promise<string> => {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`scripts/runtimes/programs/${program}.ts`],
    bundle: true,
    format: "esm",
    target: "es2022",
    // Without the paths of tsconfig.json, the package is dist.
    tsconfigRaw: {},
    logLevel: "error",
    write: false,
    ...options
  })
  return outputFiles?.[0]?.text ?? ""
}

/** Starts the server and makes a folder for bundles. Removes both when the function has returned. */
const withServer = async <A>(use: (server: Server, folder: string) => Promise<A>, script?: string): Promise<A> => {
  const cache = join(root, "node_modules/.cache")
  mkdirSync(cache, { recursive: true })
  // Node, Bun and Deno find effect and undici from here.
  const folder = mkdtempSync(join(cache, "runtimes-"))
  const server = await startServer(script)
  try {
    return await use(server, folder)
  } finally {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const timedOut = <A>(promise: Promise<A>): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${timeout / 1000} seconds`)), timeout)
  })
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}

const versionOf = (program: string): string =>
  /\d+(?:\.\d+)+/.exec(
    execFileSync(program, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 60_000 })
  )?.[0] ?? ""

/** Runs the scenario. A run that does not end, or that prints no results, has one failed step. */
const row = async (
  runtime: string,
  client: string,
  run: () => Promise<ReadonlyArray<Result>>
): Promise<Row> => {
  const results = await timedOut(run()).catch((error: unknown): ReadonlyArray<Result> => [
    { step: "start", problem: error instanceof Error ? error.message : String(error) }
  ])
  return { runtime, client, results }
}

// ---------------------------------------------------------------------------------------------------------------------
// Node, Bun and Deno: a process, over fetch and over NodeOperations. The bundle contains the package, but not its
// peers.
// ---------------------------------------------------------------------------------------------------------------------

const inProcess = (title: string, locate: () => string, args: ReadonlyArray<string> = []) => async () => {
  const program = locate()
  const runtime = `${title} ${versionOf(program)}`
  return withServer(async ({ origin }, folder) => {
    const rows: Array<Row> = []
    for (const [client, name] of [["fetch", "fetch"], ["NodeOperations", "pool"]] as const) {
      const file = join(folder, `${name}.mjs`)
      writeFileSync(file, await bundle(name, { platform: "node", external: ["effect/*", "@effect/*", "undici/*"] }))
      rows.push(
        await row(runtime, client, async () => {
          const { stdout } = await promisify(execFile)(program, [...args, file, origin, name], { timeout })
          return parse(stdout)
        })
      )
    }
    return rows
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// workerd, the runtime of Cloudflare Workers
// ---------------------------------------------------------------------------------------------------------------------

const workerConfig = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.js")],
      compatibilityDate = "2024-09-23",
      globalOutbound = "loopback"
    )),
    (name = "loopback", network = (allow = ["private"]))
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
`

/** The port that workerd listens on. */
const portOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.stdio[3]?.once("data", (line: Buffer) => resolve(JSON.parse(line.toString()).port))
    child.once("exit", (code) => reject(new Error(`workerd ended with exit code ${code}`)))
    child.once("error", reject)
  })

const workerdVersion = "1.20261117.1"

const inWorkerd = async () => {
  const program = programOf("workerd", workerdVersion)
  return withServer(async ({ origin }, folder) => {
    writeFileSync(join(folder, "worker.js"), await bundle("worker", { platform: "browser" }))
    const config = join(folder, "config.capnp")
    writeFileSync(config, workerConfig)
    const child = spawn(program, ["serve", "--control-fd=3", config], {
      stdio: ["ignore", "inherit", "inherit", "pipe"]
    })
    const ended = new Promise((resolve) => child.once("exit", resolve))
    try {
      const port = await portOf(child)
      const ask = async (path: string, run: string): Promise<string> => {
        const response = await fetch(`http://127.0.0.1:${port}/${path}?${new URLSearchParams({ origin, run })}`)
        const text = await response.text()
        return response.ok ? text : `HTTP ${response.status}`
      }
      return [
        await row(`workerd ${workerdVersion}`, "fetch", async () => [
          ...parse(await ask("scenario", "workerd")),
          ...await requestsOfAWorker(ask)
        ])
      ]
    } finally {
      child.kill()
      await ended
    }
  })
}

/** Steps with several requests of one worker. Each request waits for a different operation. */
const requestsOfAWorker = async (
  ask: (path: string, run: string) => Promise<string>
): Promise<ReadonlyArray<Result>> => {
  const expected = (answer: string, part: string): string | undefined => answer.includes(part) ? undefined : answer
  const together = await Promise.all(["one", "two", "three"].map((run) => ask("own", run)))
  const first = await ask("shared", "first")
  const second = await ask("shared", "second")
  return [
    {
      step: "three concurrent requests, each with a separate service",
      problem: together.map((answer) => expected(answer, "Succeeded")).find((problem) => problem !== undefined)
    },
    {
      step: "a second request cannot use the service of the first request",
      problem: expected(first, "Succeeded") ?? expected(second, "this Worker")
    }
  ]
}

// ---------------------------------------------------------------------------------------------------------------------
// The edge runtime, of Vercel's edge functions and of Next.js
// ---------------------------------------------------------------------------------------------------------------------

const inEdgeRuntime = async () => {
  const load = createRequire(programOf("edge-runtime", "4.0.1"))
  const { EdgeVM }: { readonly EdgeVM: new() => { readonly evaluate: (code: string) => Promise<string> } } = load(
    "@edge-runtime/vm"
  )
  const { version }: { readonly version: string } = load("@edge-runtime/vm/package.json")
  const script = await bundle("edge", { platform: "browser", format: "iife" })
  return withServer(async ({ origin }) => [
    await row(`Edge runtime ${version}`, "fetch", async () => {
      const vm = new EdgeVM()
      void vm.evaluate(script)
      return parse(await vm.evaluate(`scenario(${JSON.stringify(origin)}, "edge")`))
    })
  ])
}

// ---------------------------------------------------------------------------------------------------------------------
// Chromium: pages of the server's own origin and of another one
// ---------------------------------------------------------------------------------------------------------------------

const chromiumVersion = (program: string): string | undefined => {
  try {
    return versionOf(program)
  } catch {
    return undefined
  }
}

/** The flags of Chromium for a profile in a folder. */
const flags = (profile: string): ReadonlyArray<string> => [
  "--headless=new",
  "--disable-gpu",
  `--user-data-dir=${profile}`,
  // Chromium has no sandbox for root.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])
]

const inChromium = async () => {
  const program = ["chromium", "chromium-browser", "google-chrome"].find((name) => chromiumVersion(name) !== undefined)
  if (program === undefined) throw new Unavailable("there is no chromium on PATH")
  const runtime = `Chromium ${chromiumVersion(program)}`
  const script = await bundle("page", { platform: "browser" })
  return withServer((pages, folder) =>
    withServer(async (other) => {
      const rows: Array<Row> = []
      for (const [client, { origin }] of [["fetch", pages], ["fetch, cross-origin", other]] as const) {
        rows.push(
          await row(runtime, client, async () => {
            const run = `chromium-${rows.length}`
            const report = pages.report(run)
            const child = spawn(program, [
              ...flags(join(folder, run)),
              `${pages.origin}/page?${new URLSearchParams({ origin, run })}`
            ], { stdio: "ignore" })
            const ended = new Promise<never>((_, reject) => {
              child.once("error", reject)
              child.once("exit", (code) => reject(new Error(`Chromium ended with exit code ${code}`)))
            })
            try {
              const results = parse(await timedOut(Promise.race([report, ended])))
              return origin === pages.origin
                ? results
                : [...results, ...await tryExample(program, flags(join(folder, "example")))]
            } finally {
              child.kill()
              await ended.catch(() => {})
            }
          })
        )
      }
      return rows
    }), script)
}

/** The runtimes, by the name in the command. */
const runtimes: Readonly<Record<string, () => Promise<ReadonlyArray<Row>>>> = {
  node: inProcess("Node", () => process.execPath),
  node22: inProcess("Node", () => programOf("node", "22")),
  node24: inProcess("Node", () => programOf("node", "24")),
  bun: inProcess("Bun", () => programOf("bun", "1.4.5")),
  deno: inProcess("Deno", () => programOf("deno", "2.9.6"), [
    "run",
    "--allow-all",
    "--no-lock",
    "--node-modules-dir=manual"
  ]),
  workerd: inWorkerd,
  edge: inEdgeRuntime,
  chromium: inChromium
}

export const names: ReadonlyArray<string> = Object.keys(runtimes)

/** Runs the scenario in a runtime. A runtime that is not on this machine, and cannot be installed, is skipped. */
export const runIn = async (name: string): Promise<ReadonlyArray<Row>> => {
  try {
    return await runtimes[name]!()
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    return [{ runtime: name, client: "", results: error.message }]
  }
}
