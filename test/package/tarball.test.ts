// The package as its users get it: packed, and installed from the tarball into empty projects.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Effect from "effect/Effect"
import { build, type Metafile } from "esbuild"
import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { builtinModules, createRequire } from "node:module"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))
const require = createRequire(import.meta.url)
const name = "effect-google-operations"

/** The modules that need optional peers, with the first of them. */
const optional: Readonly<Record<string, string>> = {
  DurableOperations: "@effect/workflow",
  DurablePostgres: "@effect/cluster",
  DurableSqlite: "@effect/cluster",
  GoogleAuth: "google-auth-library",
  GoogleEnvironment: "undici",
  NodeOperations: "undici"
}

/** Further optional peers of these modules. The declarations of `@effect/sql-pg` need those of `pg` as well. */
const furtherPeers = [
  "@effect/experimental",
  "@effect/platform-node",
  "@effect/rpc",
  "@effect/sql",
  "@effect/sql-libsql",
  "@effect/sql-pg"
]

// NodeOperationsEmulator needs Node, and no peer; the barrel loads in a browser.
const forNode: ReadonlyArray<string> = ["NodeOperationsEmulator"]

interface Ran {
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

const run = (
  cwd: string,
  command: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Promise<Ran> =>
  new Promise((resolve) =>
    execFile(
      command,
      args,
      { cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code ?? "killed", stdout, stderr })
    )
  )

const runOk = async (...args: Parameters<typeof run>): Promise<string> => {
  const { code, stderr, stdout } = await run(...args)
  assert.strictEqual(code, 0, `${args[1]} ${args[2].join(" ")}\n${stdout}\n${stderr}`)
  return stdout
}

const node = (cwd: string, code: string, ...flags: ReadonlyArray<string>): Promise<Ran> =>
  run(cwd, process.execPath, [...flags, "--input-type=module", "--eval", code])

const locked = (peer: string): string => `${peer}@${require(`${peer}/package.json`).version as string}`

let workspace: string
let tarball: string
let packed: ReadonlyArray<string>
/** The public modules, by name, those of them that need no optional peer, and those of them that are in the barrel. */
let modules: ReadonlyArray<string>
let core: ReadonlyArray<string>
let barrel: ReadonlyArray<string>
/** An empty project with the package and its two peers, and one with the optional peers as well. */
let alone: string
let whole: string

const project = async (peers: ReadonlyArray<string>, types: ReadonlyArray<string> = []): Promise<string> => {
  const folder = await mkdtemp(join(workspace, "project-"))
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }))
  const flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
  await runOk(folder, "npm", ["install", ...flags, tarball, ...peers.map(locked), ...types])
  return folder
}

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), `${name}-`))
  const [{ filename, files }] = JSON.parse(
    await runOk(root, "npm", ["pack", "--json", "--pack-destination", workspace])
      // The build that comes first prints as well.
      .then((stdout) => stdout.slice(stdout.indexOf("[\n")))
  )
  tarball = join(workspace, filename)
  packed = files.map((file: { readonly path: string }) => file.path).sort()
  modules = packed.flatMap((path) => /^dist\/(\w+)\.js$/.exec(path)?.[1] ?? []).filter((module) => module !== "index")
  core = modules.filter((module) => !(module in optional))
  barrel = core.filter((module) => module !== "GoogleApiCatalog" && !forNode.includes(module))
  const peers = ["effect", "@effect/platform"]
  alone = await project(peers)
  // The README quotes a test, which needs vitest.
  const forTests = ["@types/node", "@effect/vitest", "vitest"]
  whole = await project([...peers, ...new Set(Object.values(optional)), ...furtherPeers, ...forTests], [
    "@types/pg@8"
  ])
}, 300_000)

afterAll(() => rm(workspace, { recursive: true, force: true }))

const specifier = (module: string): string => `${name}/${module}`

/** The first program of the README that was installed. */
const firstProgram = async (folder: string): Promise<string> => {
  const readme = await readFile(join(folder, "node_modules", name, "README.md"), "utf8")
  return /```ts\n([\s\S]*?)\n```/.exec(readme)![1]!
}

describe("the tarball", () => {
  it("holds what is built, its sources and its documents, and no more", async () => {
    const sources = (await readdir(join(root, "src"), { recursive: true }))
      .filter((path) => path.endsWith(".ts") && !path.startsWith("cli/"))
    const documents = (await readdir(join(root, "docs"))).filter((file) => /\.(?:md|svg)$/.test(file))
    const expected = [
      ...sources.map((path) => `src/${path}`),
      ...sources.flatMap((path) =>
        ["js", "js.map", "d.ts", "d.ts.map"].map((ending) => `dist/${path.slice(0, -2)}${ending}`)
      ),
      ...documents.map((file) => `docs/${file}`),
      "SECURITY.md",
      "bin/LICENSES.txt",
      "bin/google-operations.js",
      "llms.txt",
      "package.json",
      "README.md",
      "CHANGELOG.md",
      "LICENSE"
    ]
    assert.deepStrictEqual(packed, expected.sort())
  })

  it("is without fault for publint", async () => {
    assert.include(await runOk(root, "npm", ["run", "publint", "--", tarball]), "All good!")
  })

  it("has types for every module that are what its code is, for attw", async () => {
    const entrypoints = [".", ...modules.map((module) => `./${module}`)]
    const report = await runOk(root, "npm", ["run", "attw", "--", tarball, "--entrypoints", ...entrypoints])
    for (const module of modules) assert.include(report, `"${specifier(module)}"`)
  }, 60_000)

  it("names no path of the machine that packed it", async () => {
    for (const path of packed) {
      assert.notInclude(await readFile(join(alone, "node_modules", name, path), "utf8"), root, path)
    }
  })

  it("says in its changelog what is new in this version", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"))
    assert.include(await readFile(join(root, "CHANGELOG.md"), "utf8"), `\n## ${version}\n`)
  })
})

describe("installed with effect and @effect/platform alone", () => {
  it("imports, all of it and each module that needs no optional peer", async () => {
    assert.isAtLeast(core.length, 15)
    const code = `
      import * as all from "${name}"
      const names = Object.keys(all).sort()
      for (const name of names) if (Object.keys(await import("${name}/" + name)).join() !== Object.keys(all[name]).join()) throw name
      await import("${specifier("GoogleApiCatalog")}")
      await import("${specifier("NodeOperationsEmulator")}")
      console.log(names.join())`
    const { code: exit, stderr, stdout } = await node(alone, code)
    assert.deepStrictEqual({ exit, stderr, stdout: stdout.trim() }, { exit: 0, stderr: "", stdout: barrel.join() })
  })

  it("is required from CommonJS", async () => {
    const code = `console.log(Object.keys(require("${name}")).length, require("${
      specifier("Code")
    }").toNumber("ABORTED"))`
    const { stderr, stdout } = await run(alone, process.execPath, ["--input-type=commonjs", "--eval", code])
    assert.deepStrictEqual({ stdout, stderr }, {
      stdout: `${barrel.length} 10\n`,
      stderr: ""
    })
  })

  it("says which optional peer is missing", async () => {
    for (const [module, peer] of Object.entries(optional)) {
      const { code, stderr } = await node(alone, `await import("${specifier(module)}")`)
      assert.strictEqual(code, 1, module)
      assert.include(stderr, `Cannot find package '${peer}'`, module)
    }
  })

  it("keeps what is internal to itself", async () => {
    const { code, stderr } = await node(alone, `await import("${name}/internal/decode")`)
    assert.strictEqual(code, 1)
    assert.include(stderr, "ERR_PACKAGE_PATH_NOT_EXPORTED")
  })

  it("runs the README's first program", async () => {
    await writeFile(join(alone, "first.mjs"), await firstProgram(alone))
    await Effect.gen(function*() {
      const { url } = yield* NodeOperationsEmulator.serve(OperationsEmulator.make())
      const first = Effect.promise(() =>
        run(alone, process.execPath, ["first.mjs"], {
          BASE_URL: url,
          PARENT: "organizations/123",
          GOOGLE_ACCESS_TOKEN: "a-token"
        })
      )
      const good = yield* first
      assert.deepStrictEqual({ code: good.code, stderr: good.stderr }, { code: 0, stderr: "" })
      assert.match(good.stdout, /^accessPolicies\/\d+: my policy\n$/)
      // An organization has one policy.
      const bad = yield* first
      assert.strictEqual(bad.code, 1)
      assert.include(bad.stderr, "POST /v1/accessPolicies failed with HTTP 409 ALREADY_EXISTS")
    }).pipe(Effect.scoped, Effect.runPromise)
  })
})

describe("the command line", () => {
  const empty = () => mkdtemp(join(workspace, "empty-"))
  // npm installs peers by itself, unless it is told not to.
  const withoutPeers = { npm_config_legacy_peer_deps: "true" }
  const npx = async (...words: ReadonlyArray<string>) =>
    run(await empty(), "npx", ["--yes", "--package", tarball, "--", "google-operations", ...words], withoutPeers)

  it("runs by npx in an empty folder, without any peer", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"))
    assert.deepStrictEqual(await npx("--version"), { code: 0, stdout: `${version}\n`, stderr: "" })
    await Effect.gen(function*() {
      const emulator = yield* NodeOperationsEmulator.make()
      const { url } = emulator
      const response = { "@type": "type.googleapis.com/example.Thing", title: "a thing" }
      yield* emulator.script("operations/good", [
        OperationsEmulator.pending(),
        OperationsEmulator.succeeded({ response })
      ])
      yield* emulator.script("operations/bad", [
        OperationsEmulator.failed({ code: "FAILED_PRECONDITION", message: "it is in use" })
      ])
      const wait = (name: string, ...words: ReadonlyArray<string>) =>
        Effect.promise(() => npx("wait", name, "--base-url", url, "--anonymous", ...words))
      const good = yield* wait("operations/good", "--format", "json")
      assert.strictEqual(good.code, 0, good.stderr)
      assert.strictEqual(JSON.parse(good.stdout).response.title, "a thing")
      const bad = yield* wait("operations/bad", "--timeout", "10s")
      assert.strictEqual(bad.code, 1)
      assert.match(bad.stderr, /error: Operation operations\/bad failed with FAILED_PRECONDITION: it is in use/)
      yield* emulator.script("operations/long", [OperationsEmulator.pending()])
      const long = yield* wait("operations/long", "--timeout", "200ms")
      assert.strictEqual(long.code, 4)
      assert.match(long.stderr, /To continue waiting: npx effect-google-operations wait operations\/long /)
    }).pipe(Effect.scoped, Effect.runPromise)
  }, 120_000)

  it("installs nothing but itself where peers are not installed", async () => {
    const folder = await empty()
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true }))
    await runOk(folder, "npm", ["install", "--no-audit", "--no-fund", tarball], withoutPeers)
    const installed = (await readdir(join(folder, "node_modules"))).filter((entry) => !entry.startsWith("."))
    assert.deepStrictEqual(installed, [name])
    assert.match(await runOk(folder, "npx", ["--no-install", name, "apis", "run/"]), /^API .*\nrun\/v1 /)
    assert.match(
      await runOk(folder, "npx", ["--no-install", "google-operations", "get", "--help"]),
      /^Prints the latest state/
    )
  }, 120_000)

  it("names the license of each package in it", async () => {
    const licenses = await readFile(join(alone, "node_modules", name, "bin/LICENSES.txt"), "utf8")
    for (const part of ["effect", "@effect/cli", "undici", "google-auth-library", "yaml"]) {
      assert.include(licenses, `\n${locked(part).replace(/@(?=[^@]*$)/, " ")}, license `)
    }
  })
})

describe("installed with the optional peers too", () => {
  it("imports every module", async () => {
    const code = modules.map((module) => `await import("${specifier(module)}")`).join("\n")
    const { code: exit, stderr } = await node(whole, code)
    assert.deepStrictEqual({ exit, stderr }, { exit: 0, stderr: "" })
  })
})

describe("type-checks, libraries and all,", () => {
  const check = async (
    folder: string,
    resolution: string,
    modules: ReadonlyArray<string>,
    types: ReadonlyArray<string>
  ) => {
    const program = join(folder, `types-${resolution}`)
    await mkdir(program)
    await writeFile(join(program, "first.ts"), await firstProgram(folder))
    await writeFile(
      join(program, "all.ts"),
      [`export * from "${name}"`, ...modules.map((module) => `export * as ${module} from "${specifier(module)}"`)].join(
        "\n"
      )
    )
    await writeFile(
      join(program, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          target: "ES2022",
          module: resolution === "NodeNext" ? "NodeNext" : "ESNext",
          moduleResolution: resolution,
          lib: ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
          types,
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          noEmit: true
        },
        include: ["."]
      })
    )
    return runOk(program, process.execPath, [require.resolve("typescript/bin/tsc"), "-p", "."])
  }

  it.each(["NodeNext", "Bundler"])("under %s, with the two peers", async (resolution) => {
    assert.strictEqual(await check(alone, resolution, core, []), "")
  }, 120_000)

  it.each(["NodeNext", "Bundler"])("under %s, with the optional peers", async (resolution) => {
    assert.strictEqual(await check(whole, resolution, modules, ["node"]), "")
  }, 120_000)
})

describe("the programs that the README quotes", () => {
  it("type-check, and those that start an emulator run", async () => {
    const readme = await readFile(join(whole, "node_modules", name, "README.md"), "utf8")
    const quoted = new Set([...readme.matchAll(/^<!-- (examples\/\S+)#/gm)].map(([, file]) => file!))
    assert.isAbove(quoted.size, 4)
    const program = join(whole, "quoted")
    for (const file of [...quoted, "examples/support/isMain.ts"]) {
      await mkdir(dirname(join(program, file)), { recursive: true })
      await writeFile(join(program, file), await readFile(join(root, file)))
    }
    await writeFile(
      join(program, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          target: "ES2022",
          module: "NodeNext",
          lib: ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
          types: ["node"],
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: true,
          outDir: "built"
        },
        include: ["examples"]
      })
    )
    assert.strictEqual(await runOk(program, process.execPath, [require.resolve("typescript/bin/tsc"), "-p", "."]), "")
    const outputs = await Promise.all(
      ["handle-errors", "wait-for-thousands"].map((example) =>
        runOk(program, process.execPath, [`built/${example}.js`])
      )
    )
    assert.include(outputs[0], "still running: operations/long")
    assert.include(outputs[1], "900 succeeded, 100 failed")
  }, 120_000)
})

describe("bundled", () => {
  const bundle = async (entry: string, platform: "browser" | "node" = "browser") => {
    const result = await build({
      stdin: { contents: entry, resolveDir: alone },
      bundle: true,
      minify: true,
      format: "esm",
      platform,
      write: false,
      metafile: true,
      logLevel: "silent"
    })
    const [output] = Object.values(result.metafile.outputs) as [Metafile["outputs"][string]]
    return {
      /** The files that something is left of, from the package's name on. */
      files: Object.entries(output.inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)),
      external: output.imports.map(({ path }) => path),
      text: result.outputFiles[0]!.text
    }
  }
  const own = (files: ReadonlyArray<string>) =>
    files.filter((file) => file.startsWith(`${name}/`)).map((file) => basename(file, ".js")).sort()

  it.each([
    ["of its own", `export * from "${name}/Operation"`],
    [
      "out of the barrel",
      `import { Operation } from "${name}"; export const { isPending, fromJson, match } = Operation`
    ]
  ])("Operation, imported %s, pulls no HTTP code", async (_, entry) => {
    const { files, text } = await bundle(entry)
    assert.deepStrictEqual(files.filter((file) => file.startsWith("@effect/platform")), [])
    assert.includeMembers(own(files), ["Code", "ErrorDetails", "Operation", "ProtobufAny", "Status"])
    const http = ["HttpError", "OperationsService", "apiClient", "decode", "errors", "transport"]
    assert.deepStrictEqual(own(files).filter((file) => http.includes(file)), [])
    assert.notInclude(text, "fetch(")
  })

  it("a guard alone is a few bytes", async () => {
    const { files, text } = await bundle(`export { isPending } from "${name}/Operation"`)
    assert.deepStrictEqual(own(files), ["Operation"])
    assert.isBelow(text.length, 200)
  })

  it("the core runs in a browser: it asks for nothing of Node's", async () => {
    const { external, files, text } = await bundle(`export * from "${name}"`)
    assert.deepStrictEqual(external, [])
    assert.include(own(files), "OperationsService")
    for (const builtin of builtinModules) {
      assert.notMatch(text, new RegExp(`(?:from|require\\(|import\\()"(?:node:)?${builtin}"`))
    }
  })

  it("the kit for tests is no part of a program that does not use it", async () => {
    const { files } = await bundle(
      `import { OperationsService } from "${name}"; export const { layer } = OperationsService`
    )
    assert.deepStrictEqual(own(files).filter((file) => /emulator|TestOperations/i.test(file)), [])
  })

  it("the catalog of APIs is a part of no program that does not import it", async () => {
    const { files } = await bundle(`export * from "${name}"`)
    assert.deepStrictEqual(own(files).filter((file) => /catalog/i.test(file)), [])
  })
})
