/**
 * One client, in a process of its own: `get-client.js <name> <url>`. Every line on stdin is a number of gets; the answer
 * is a line with the CPU time that they took, in µs.
 *
 * A client loads its own modules and no others: the package undici takes over the dispatcher of Node's `fetch`.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { createInterface } from "node:readline"

type Run = (gets: number) => Promise<unknown>

const concurrency = 64
const name = "operations/accessPolicies/84961948973/accessLevels/corp/create/1666896068847514"
const path = `/v1/${name}`

const check = (operation: unknown): void => {
  if ((operation as { readonly name?: unknown }).name !== name) throw new Error("this is not the operation")
}

const promises = (get: () => Promise<unknown>): Run => (gets) => {
  let left = gets
  const loop = async () => {
    while (left-- > 0) check(await get())
  }
  return Promise.all(Array.from({ length: concurrency }, loop))
}

const effects = async <R, E, E1>(
  layer: Layer.Layer<R, E>,
  make: Effect.Effect<() => Effect.Effect<unknown, E1>, never, R>,
  tracer: "on" | "off"
): Promise<Run> => {
  const runtime = ManagedRuntime.make(layer)
  const get = await runtime.runPromise(make)
  return (gets) => {
    let left = gets
    const loop = Effect.whileLoop({ while: () => left-- > 0, body: get, step: check })
    return runtime.runPromise(
      Effect.all(Array.from({ length: concurrency }, () => loop), { concurrency: "unbounded", discard: true }).pipe(
        Effect.withTracerEnabled(tracer === "on")
      )
    )
  }
}

const operations = async (url: string) => {
  const GoogleApi = await import("../src/GoogleApi.js")
  const { layer, OperationsService } = await import("../src/OperationsService.js")
  const api = GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: url })
  const make = Effect.map(OperationsService, (operations) => () => operations.get(name))
  return { api, layer: layer({ api }), make }
}

const platform = async (url: string) => {
  const { HttpClient } = await import("@effect/platform/HttpClient")
  return Effect.map(
    HttpClient,
    (client) => () => Effect.flatMap(client.get(`${url}${path}`), (response) => response.json)
  )
}

const undici = async () => (await import("@effect/platform-node/NodeHttpClient")).layerUndici

const fetch = async () => (await import("@effect/platform/FetchHttpClient")).layer

const nodeOperations = async (url: string, tracer: "on" | "off") => {
  const { api, make } = await operations(url)
  return effects((await import("../src/NodeOperations.js")).layer({ api }), make, tracer)
}

// Exports to nowhere: an exporter costs what it sends.
const openTelemetry = async () => {
  const { layer } = await import("@effect/opentelemetry/NodeSdk")
  const { BatchSpanProcessor } = await import("@opentelemetry/sdk-trace-base")
  const nowhere = {
    export: (_: ReadonlyArray<unknown>, done: (result: { readonly code: number }) => void) => done({ code: 0 }),
    shutdown: () => Promise.resolve()
  }
  return layer(() => ({ resource: { serviceName: "bench" }, spanProcessor: new BatchSpanProcessor(nowhere) }))
}

const overClient = async (url: string, client: typeof undici | typeof fetch, tracer: "on" | "off") => {
  const { layer, make } = await operations(url)
  return effects(Layer.provide(layer, await client()), make, tracer)
}

const clients = {
  undici: async (url: string) => {
    const { Pool } = await import("undici")
    const pool = new Pool(url, { connections: concurrency })
    return promises(async () => JSON.parse(await (await pool.request({ method: "GET", path })).body.text()))
  },
  "node-operations": (url: string) => nodeOperations(url, "off"),
  "node-operations-traced": (url: string) => nodeOperations(url, "on"),
  "node-operations-opentelemetry": async (url: string) => {
    const { api, make } = await operations(url)
    const { layer } = await import("../src/NodeOperations.js")
    return effects(Layer.merge(layer({ api }), await openTelemetry()), make, "on")
  },
  "service-undici": (url: string) => overClient(url, undici, "off"),
  "service-undici-traced": (url: string) => overClient(url, undici, "on"),
  "platform-undici": async (url: string) => effects(await undici(), await platform(url), "off"),
  "platform-undici-traced": async (url: string) => effects(await undici(), await platform(url), "on"),
  "service-fetch": (url: string) => overClient(url, fetch, "off"),
  "platform-fetch": async (url: string) => effects(await fetch(), await platform(url), "off"),
  googleapis: async (url: string) => {
    // Not a dependency of this package, so its types are not at hand.
    const specifier: string = "googleapis"
    const { google } = await import(specifier) as {
      readonly google: {
        accesscontextmanager(options: { version: "v1"; rootUrl: string }): {
          readonly operations: { get(parameters: { name: string }): Promise<{ readonly data: unknown }> }
        }
      }
    }
    const { operations } = google.accesscontextmanager({ version: "v1", rootUrl: `${url}/` })
    return promises(async () => (await operations.get({ name })).data)
  }
} satisfies Record<string, (url: string) => Promise<Run>>

/** The names that `get-client.js` takes. */
export type Name = keyof typeof clients

const [client, url] = process.argv.slice(2) as [Name, string]
const run = await clients[client](url)
for await (const gets of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage()
  await run(Number(gets))
  const { system, user } = process.cpuUsage(before)
  console.log(user + system)
}
process.exit()
