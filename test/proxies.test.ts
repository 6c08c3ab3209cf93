import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { LookupFunction } from "node:net"
import { inspect } from "node:util"
import { vi } from "vitest"
import type { ConnectionOptions } from "../src/internal/http/nodeOptions.js"
import { certificate } from "./support/certificate.js"
import { connectProxy, type ConnectProxyOptions } from "./support/connectProxy.js"
import { rawServer, reply } from "./support/rawServer.js"
import { eventually } from "./support/sockets.js"
import { failureOf, transportTo } from "./support/transport.js"

const tlsKeys = certificate("api.test")

// Resolves every host to this machine.
const lookup: LookupFunction = (_, options, callback) =>
  options.all === true ? callback(null, [{ address: "127.0.0.1", family: 4 }]) : callback(null, "127.0.0.1", 4)

const environment = (variables: Readonly<Record<string, string>>) =>
  Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))

// A server with the name api.test, and a proxy that connects to it.
const setup = ({ tls = false, ...options }: Partial<ConnectProxyOptions> & { readonly tls?: boolean } = {}) =>
  Effect.gen(function*() {
    const server = yield* rawServer(({ path }) => path === "/hold" ? ["hold"] : reply("{}"), tls ? tlsKeys : {})
    const proxy = yield* connectProxy({ port: server.port, ...options })
    const origin = `${tls ? "https" : "http"}://api.test:${server.port}`
    const transport = (options: ConnectionOptions = {}) =>
      transportTo(origin, { ...options, pool: { connect: { ca: tlsKeys.cert, lookup }, ...options.pool } })
    return { server, proxy, target: `api.test:${server.port}`, transport }
  })

describe("the environment's proxy", () => {
  it.scopedLive.each(
    [
      ["HTTPS_PROXY", true],
      ["https_proxy", true],
      ["HTTP_PROXY", false],
      ["http_proxy", false],
      // Where there is none for https.
      ["HTTP_PROXY", true]
    ] as const
  )("%s, over TLS: %s", ([variable, tls]) =>
    Effect.gen(function*() {
      const { proxy, server, target, transport } = yield* setup({ tls, credentials: "user:p@ss" })
      const { exchange, release } = yield* transport().pipe(
        environment({ [variable]: `http://user:p%40ss@${proxy.host}` })
      )
      // undici's proxy agent adds to the headers that it receives. The caller's object must not change.
      const headers = Object.freeze({ accept: "application/json" })
      assert.isUndefined(failureOf(yield* exchange("/v1/x", { headers })))
      assert.isUndefined(failureOf(yield* exchange("/v1/y", { headers })))
      assert.deepStrictEqual(server.requests.map(({ path }) => path), ["/v1/x", "/v1/y"])
      assert.isTrue(proxy.targets.length > 0 && proxy.targets.every((asked) => asked === target))
      for (const { headers } of server.requests) {
        assert.strictEqual(headers["host"], target)
        assert.deepStrictEqual(Object.keys(headers).filter((name) => name.startsWith("proxy-")), [])
      }
      yield* release
      yield* eventually("no open connection", Effect.sync(() => proxy.openConnections() === 0))
      assert.strictEqual(server.openConnections(), 0)
    }))

  it.scopedLive.each(
    [
      ["for the other scheme alone", { HTTPS_PROXY: "http://127.0.0.1:9" }],
      ["none", {}],
      ["empty", { HTTP_PROXY: "" }],
      ["empty by its lower-case name, which comes first", { http_proxy: "", HTTP_PROXY: "http://127.0.0.1:9" }],
      ["not for this host", { HTTP_PROXY: "http://127.0.0.1:9", NO_PROXY: "localhost, api.test" }],
      ["not for this domain", { HTTP_PROXY: "http://127.0.0.1:9", no_proxy: ".test" }],
      ["not for any host", { HTTP_PROXY: "http://127.0.0.1:9", NO_PROXY: "*" }]
    ] satisfies ReadonlyArray<readonly [string, Readonly<Record<string, string>>]>
  )("%s", ([_, variables]) =>
    Effect.gen(function*() {
      const { server, transport } = yield* setup()
      const { exchange } = yield* transport().pipe(environment(variables))
      assert.isUndefined(failureOf(yield* exchange("/")))
      assert.strictEqual(server.requests.length, 1)
    }))

  it.scopedLive("is used if NO_PROXY names other hosts or ports", () =>
    Effect.gen(function*() {
      const { proxy, transport } = yield* setup()
      const { exchange } = yield* transport().pipe(
        environment({ HTTP_PROXY: `http://${proxy.host}`, NO_PROXY: "other.test,api.test:1,test.api" })
      )
      assert.isUndefined(failureOf(yield* exchange("/")))
      assert.strictEqual(proxy.targets.length, 1)
    }))

  it.scopedLive("is read through Config only", () =>
    Effect.gen(function*() {
      const { proxy, transport } = yield* setup()
      yield* Effect.acquireRelease(
        Effect.sync(() => vi.stubEnv("HTTP_PROXY", `http://${proxy.host}`)),
        () => Effect.sync(() => vi.unstubAllEnvs())
      )
      const direct = yield* transport().pipe(environment({}))
      assert.isUndefined(failureOf(yield* direct.exchange("/")))
      assert.strictEqual(proxy.targets.length, 0)
      const proxied = yield* transport()
      assert.isUndefined(failureOf(yield* proxied.exchange("/")))
      assert.strictEqual(proxy.targets.length, 1)
    }))

  it.scopedLive("is not used for a loopback address", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(reply("{}"))
      const { exchange } = yield* transportTo(server.origin).pipe(environment({ HTTP_PROXY: "http://127.0.0.1:9" }))
      assert.isUndefined(failureOf(yield* exchange("/")))
    }))

  it.scopedLive("is not used if `pool.connect` is a function", () =>
    Effect.gen(function*() {
      const { server, transport } = yield* setup()
      const { connect } = yield* Effect.promise(() => import("node:net"))
      const { exchange } = yield* transport({
        pool: {
          connect: (_, callback) => {
            const socket = connect(server.port, "127.0.0.1", () => callback(null, socket))
          }
        }
      }).pipe(environment({ HTTP_PROXY: "http://127.0.0.1:9" }))
      assert.isUndefined(failureOf(yield* exchange("/")))
    }))
})

describe("the option `proxy`", () => {
  it.scopedLive("takes precedence over the environment, as a string or Redacted", () =>
    Effect.gen(function*() {
      const { proxy, transport } = yield* setup({ credentials: "user:" })
      const variables = environment({ HTTP_PROXY: "http://127.0.0.1:9", NO_PROXY: "*" })
      const url = `http://user@${proxy.host}`
      // Like curl's.
      const withoutScheme = `user:@${proxy.host}`
      for (const option of [url, Redacted.make(url), withoutScheme]) {
        const { exchange } = yield* transport({ proxy: option }).pipe(variables)
        assert.isUndefined(failureOf(yield* exchange("/")))
      }
      assert.strictEqual(proxy.targets.length, 3)
      const direct = yield* transport({ proxy: "none" }).pipe(variables)
      assert.isUndefined(failureOf(yield* direct.exchange("/")))
      assert.strictEqual(proxy.targets.length, 3)
    }))

  it.scopedLive("applies to a loopback address", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(reply("{}"))
      const proxy = yield* connectProxy({ port: server.port })
      const { exchange } = yield* transportTo(server.origin, { proxy: `http://${proxy.host}` })
      assert.isUndefined(failureOf(yield* exchange("/")))
      assert.deepStrictEqual(proxy.targets, [`127.0.0.1:${server.port}`])
    }))
})

describe("a proxy that cannot be used", () => {
  const expected = "is not the URL of an HTTP proxy; expected one like \"http://user:password@proxy.example:3128\""

  it.scopedLive.each([
    "http://user:sesame@[bad",
    "http://user:sesame%zz@proxy.example",
    "socks5://user:sesame@proxy.example",
    "user:sesame@proxy.example:port",
    "http://"
  ])("invalid URL %s: every request fails, and the message does not contain it", (url) =>
    Effect.gen(function*() {
      const { server, transport } = yield* setup()
      const fromVariable = yield* transport().pipe(environment({ http_proxy: url }))
      assert.deepStrictEqual(failureOf(yield* fromVariable.exchange("/")), [
        "Unsendable",
        false,
        `The variable http_proxy ${expected}.`
      ])
      for (const proxy of [url, Redacted.make(url)]) {
        const fromOption = yield* transport({ proxy })
        assert.deepStrictEqual(failureOf(yield* fromOption.exchange("/")), [
          "Unsendable",
          false,
          `\`proxy\` ${expected}`
        ])
      }
      assert.strictEqual(server.connections(), 0)
    }))

  it.scopedLive("environment that cannot be read: every request fails", () =>
    Effect.gen(function*() {
      const { transport } = yield* setup()
      const denied = ConfigProvider.fromFlat(ConfigProvider.makeFlat({
        // As Deno's process.env throws without --allow-env.
        load: () => Effect.die(new Error("Requires env access to \"http_proxy\", run again with the --allow-env flag")),
        enumerateChildren: () => Effect.dieMessage("not asked"),
        patch: { _tag: "Empty" }
      }))
      const { exchange } = yield* transport().pipe(Effect.withConfigProvider(denied))
      assert.deepStrictEqual(failureOf(yield* exchange("/")), [
        "Unsendable",
        false,
        "Could not read the variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY: Requires env access to \"http_proxy\", run " +
        "again with the --allow-env flag. Allow it, or set the option `proxy`."
      ])
      const without = yield* transport({ proxy: "none" }).pipe(Effect.withConfigProvider(denied))
      assert.isUndefined(failureOf(yield* without.exchange("/")))
    }))

  it.scopedLive("URL with a function as `pool.connect`: every request fails", () =>
    Effect.gen(function*() {
      const { transport } = yield* setup()
      const { exchange } = yield* transport({ proxy: "http://127.0.0.1:9", pool: { connect: () => {} } })
      assert.deepStrictEqual(failureOf(yield* exchange("/")), [
        "Unsendable",
        false,
        "`proxy` must not be a URL if `pool.connect` is a function"
      ])
    }))

  it.scopedLive.each(
    [
      [
        { credentials: "user:other" },
        "Unsendable",
        "The proxy refused the connection with HTTP 407; check its user name and password."
      ],
      // As tinyproxy does for a wrong password.
      [
        { refuse: "401 Unauthorized" },
        "Unsendable",
        "The proxy refused the connection with HTTP 401; check its user name and password."
      ],
      [{ refuse: "403 Forbidden" }, "Unsendable", "The proxy refused the connection with HTTP 403."],
      [{ refuse: "429 Too Many Requests" }, "Connection", "Proxy response (429) !== 200 when HTTP Tunneling"],
      [{ refuse: "503 Service Unavailable" }, "Connection", "Proxy response (503) !== 200 when HTTP Tunneling"]
    ] as const
  )("refusal %o: %s", ([options, kind, message]) =>
    Effect.gen(function*() {
      const { proxy, server, transport } = yield* setup(options)
      const { exchange, release } = yield* transport({ proxy: `http://user:sesame@${proxy.host}` })
      assert.deepStrictEqual(failureOf(yield* exchange("/")), [kind, false, message])
      assert.strictEqual(server.connections(), 0)
      yield* release
      yield* eventually("no open connection", Effect.sync(() => proxy.openConnections() === 0))
    }))

  it.scopedLive("no proxy at the address, or no response from it: Connection", () =>
    Effect.gen(function*() {
      const { proxy, transport } = yield* setup({ refuse: "" })
      const gone = yield* transport({ proxy: "http://127.0.0.1:9" })
      assert.deepStrictEqual(failureOf(yield* gone.exchange("/")), [
        "Connection",
        false,
        "connect ECONNREFUSED 127.0.0.1:9"
      ])
      const silent = yield* transport({ proxy: `http://${proxy.host}`, pool: { connectTimeout: 50 } })
      assert.deepStrictEqual(failureOf(yield* silent.exchange("/")), ["Connection", false, "Headers Timeout Error"])
    }))
})

describe("through a proxy", () => {
  it.scopedLive("aborts and `connections` work as without", () =>
    Effect.gen(function*() {
      const { proxy, server, transport } = yield* setup({ tls: true })
      const { exchange, release } = yield* transport({ proxy: `http://${proxy.host}`, connections: 2 })
      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(exchange("/hold"), "100 millis")))
      yield* eventually("the abort", Effect.sync(() => server.openConnections() === 0))
      yield* Effect.all(Array.from({ length: 10 }, () => exchange("/")), { concurrency: "unbounded" })
      assert.isAtMost(server.openConnections(), 2)
      yield* release
      yield* eventually("no open connection", Effect.sync(() => proxy.openConnections() === 0))
    }))

  it.scopedLive("a reused connection that breaks is stale", () =>
    Effect.gen(function*() {
      const server = yield* rawServer(({ index }) => index === 0 ? reply("{}") : ["end"])
      const proxy = yield* connectProxy({ port: server.port })
      const { exchange } = yield* transportTo("http://api.test", { proxy: `http://${proxy.host}`, connections: 1 })
      assert.isUndefined(failureOf(yield* exchange("/")))
      assert.deepStrictEqual(failureOf(yield* exchange("/"))?.slice(0, 2), ["Connection", true])
      assert.isUndefined(failureOf(yield* exchange("/")))
    }))

  it.scopedLive("no object shows its password", () =>
    Effect.gen(function*() {
      const { proxy, transport } = yield* setup({ credentials: "user:other" })
      const made = yield* transport({ proxy: `http://user:sesame@${proxy.host}` })
      const result = yield* made.exchange("/")
      const shown = inspect([made, result], { depth: Infinity, showHidden: true })
      for (const secret of ["sesame", Buffer.from("user:sesame").toString("base64")]) assert.notInclude(shown, secret)
    }))
})
