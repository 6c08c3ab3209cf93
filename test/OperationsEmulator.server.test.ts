import { assert, describe, it } from "@effect/vitest"
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"
import { once } from "node:events"
import { type AddressInfo, connect, createServer } from "node:net"
import { eventually, startEmulator } from "./support/sockets.js"

/** A response as text. */
interface Raw {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** Sends a request as it stands, and reads until the server closes the connection. */
const raw = (url: string, write: (send: (data: string | Buffer) => Promise<void>) => Promise<void>) =>
  Effect.tryPromise(async (signal): Promise<Raw> => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1")
    signal.addEventListener("abort", () => socket.destroy())
    let text = ""
    socket.setEncoding("latin1").on("data", (chunk) => text += chunk)
    // A reset after the response is how a server closes while a client still sends.
    socket.on("error", () => {})
    const closed = new Promise((resolve) => socket.once("close", resolve))
    await once(socket, "connect")
    await write(async (data) => {
      if (!socket.writable || socket.write(data)) return
      await Promise.race([closed, new Promise((resolve) => socket.once("drain", resolve))])
    })
    await closed
    const [head = "", body = ""] = text.split("\r\n\r\n", 2)
    return { status: Number(head.split(" ", 2)[1]), head: head.toLowerCase(), body }
  })

const request = (url: string, lines: ReadonlyArray<string>, body = "") =>
  raw(url, (send) => send([...lines, "connection: close", `content-length: ${body.length}`, "", body].join("\r\n")))

const reasonOf = (response: Raw, status: number, code: string): string => {
  assert.strictEqual(response.status, status, response.head)
  const { error } = JSON.parse(response.body) as { readonly error: Record<"code" | "message" | "status", unknown> }
  assert.deepStrictEqual([error.code, error.status], [status, code])
  return String(error.message)
}

const script = JSON.stringify({ name: "operations/a", steps: [{ type: "succeeded" }] })
const post = "POST /emulator/operations HTTP/1.1"

describe("Host", () => {
  const hosts = (options: NodeOperationsEmulator.ServeOptions, names: ReadonlyArray<string>) =>
    Effect.gen(function*() {
      const { url } = yield* startEmulator({}, options)
      const port = new URL(url).port
      return yield* Effect.forEach(names, (name) =>
        Effect.map(
          request(url, ["GET /emulator/stats HTTP/1.1", `host: ${name.replace("PORT", port)}`]),
          (response) => response.status === 200 ? "served" : reasonOf(response, 403, "PERMISSION_DENIED")
        ))
    })

  it.scopedLive("is a loopback name, with any port", () =>
    Effect.gen(function*() {
      const served = [
        "127.0.0.1:PORT",
        "127.0.0.1",
        "127.1.2.3",
        "localhost:PORT",
        "LOCALHOST",
        "a.localhost:1",
        "[::1]:PORT"
      ]
      for (const answer of yield* hosts({}, served)) assert.strictEqual(answer, "served")
    }))

  it.scopedLive("of another name is refused: a foreign DNS server can give it any address", () =>
    Effect.gen(function*() {
      const refused = [
        "evil.example:PORT",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.5:PORT",
        "[fe80::1]",
        "xlocalhost",
        "",
        "localhost:PORT:1"
      ]
      for (const answer of yield* hosts({}, refused)) {
        assert.match(
          answer,
          /^The emulator does not serve the host ".*"\. To serve it, start the emulator with that host name\.$/
        )
      }
    }))

  it.scopedLive("is one that the emulator was told, or any address where it listens on all", () =>
    Effect.gen(function*() {
      const [name, address, other] = yield* hosts({ hosts: ["Emulator"] }, [
        "emulator:PORT",
        "10.0.0.1",
        "evil.example"
      ])
      assert.strictEqual(name, "served")
      assert.include(address, "does not serve the host \"10.0.0.1\"")
      assert.include(other, "does not serve the host \"evil.example\"")
    }))

  it.scopedLive("must be there", () =>
    Effect.gen(function*() {
      const { url } = yield* startEmulator()
      const response = yield* request(url, ["GET /v1/operations HTTP/1.0"])
      assert.include(reasonOf(response, 403, "PERMISSION_DENIED"), "does not serve the host \"\"")
    }))
})

describe("a page in a browser", () => {
  const origin = "http://localhost:5173"

  it.scopedLive("of an origin that the emulator was not told can neither script it nor poll", () =>
    Effect.gen(function*() {
      const { calls, url } = yield* startEmulator({}, { origins: [origin] })
      const host = `host: ${new URL(url).host}`
      const foreign = [
        "origin: https://evil.example",
        "origin: null",
        // Of the emulator itself there are no pages.
        `origin: ${url}`,
        "sec-fetch-site: cross-site",
        "sec-fetch-site: same-site"
      ]
      for (const header of foreign) {
        for (
          const [line, body] of [
            [post, script],
            ["POST /emulator/starts HTTP/1.1", script],
            ["POST /v1/accessPolicies HTTP/1.1", "{}"],
            ["GET /v1/operations/a HTTP/1.1", ""],
            ["OPTIONS /v1/operations/a HTTP/1.1", ""]
          ] as const
        ) {
          const response = yield* request(url, [line, host, "content-type: text/plain", header], body)
          assert.match(
            reasonOf(response, 403, "PERMISSION_DENIED"),
            /^The emulator does not accept requests from pages of /,
            `${header}, ${line}`
          )
          assert.notInclude(response.head, "access-control-")
        }
      }
      assert.deepStrictEqual(yield* calls, [])
      // Where nothing comes from a page, the script is still taken.
      assert.strictEqual((yield* request(url, [post, host, "sec-fetch-site: none"], script)).status, 200)
    }))

  it.scopedLive("of an origin that it was told reads what it asks for", () =>
    Effect.gen(function*() {
      const emulator = yield* startEmulator({}, { origins: [origin, "https://app.example"] })
      const host = `host: ${new URL(emulator.url).host}`
      const readable = (response: Raw, of: string) => {
        assert.include(response.head, `\naccess-control-allow-origin: ${of}\r`)
        assert.include(response.head, "\nvary: origin\r")
        assert.include(response.head, "\naccess-control-expose-headers: *\r")
      }
      const asked = yield* request(emulator.url, [
        "OPTIONS /v1/operations/a HTTP/1.1",
        host,
        `origin: ${origin}`,
        "access-control-request-method: DELETE",
        "access-control-request-headers: authorization,traceparent",
        "access-control-request-private-network: true"
      ])
      assert.strictEqual(asked.status, 204)
      readable(asked, origin)
      assert.include(asked.head, "\naccess-control-allow-methods: delete\r")
      assert.include(asked.head, "\naccess-control-allow-headers: authorization,traceparent\r")
      assert.include(asked.head, "\naccess-control-allow-private-network: true\r")
      assert.deepStrictEqual(yield* emulator.requests, [])

      const fromPage = [host, "origin: https://app.example", "sec-fetch-site: cross-site"]
      const scripted = yield* request(emulator.url, [post, ...fromPage], script)
      assert.strictEqual(scripted.status, 200)
      const read = yield* request(emulator.url, ["GET /v1/operations/a HTTP/1.1", ...fromPage])
      assert.deepStrictEqual(JSON.parse(read.body), { name: "operations/a", done: true })
      for (const response of [scripted, read]) readable(response, "https://app.example")
      // Errors are read as well.
      const missing = yield* request(emulator.url, ["GET /v1/operations/b HTTP/1.1", ...fromPage])
      assert.strictEqual(missing.status, 404)
      readable(missing, "https://app.example")
    }))
})

describe("the body of a request", () => {
  const limit = 8 * 2 ** 20
  const chunk = Buffer.alloc(2 ** 16, "x")
  const reason = /^Request payload size exceeds the limit: 8388608 bytes\.$/

  it.scopedLive("above 8 MiB is refused by its length, before it is read", () =>
    Effect.gen(function*() {
      const { url } = yield* startEmulator()
      const response = yield* raw(url, (send) =>
        send(`${post}\r\nhost: localhost\r\ncontent-length: ${limit + 1}\r\n\r\n`))
      assert.match(reasonOf(response, 413, "INVALID_ARGUMENT"), reason)
      assert.include(response.head, "\nconnection: close")
    }))

  it.scopedLive("above 8 MiB is refused while it is read, and the connection closed: 300 MB cost little memory", () =>
    Effect.gen(function*() {
      const { stats, url } = yield* startEmulator()
      const before = process.memoryUsage().rss
      let sent = 0
      const response = yield* raw(url, async (send) => {
        await send(`${post}\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n`)
        while (sent < 300e6) {
          await send(`${chunk.length.toString(16)}\r\n`)
          await send(chunk)
          await send("\r\n")
          sent += chunk.length
        }
      })
      assert.match(reasonOf(response, 413, "INVALID_ARGUMENT"), reason)
      assert.isBelow(process.memoryUsage().rss - before, 150e6)
      yield* eventually("no connection", Effect.map(stats, ({ openConnections }) => openConnections === 0))
    }))

  it.scopedLive("that is refused does not hide the reason from fetch", () =>
    Effect.gen(function*() {
      const { url } = yield* startEmulator()
      for (const size of [limit + 1, 4 * limit]) {
        const response = yield* Effect.promise(() => fetch(url, { method: "POST", body: "x".repeat(size) }))
        assert.strictEqual(response.status, 413)
        assert.match((yield* Effect.promise(() => response.json())).error.message, reason)
      }
    }))

  it.scopedLive("of 8 MiB is taken, and one in one-byte chunks costs no more than its bytes", () =>
    Effect.gen(function*() {
      const { requests, url } = yield* startEmulator()
      const longest = `"${"x".repeat(limit - 2)}"`
      assert.strictEqual((yield* request(url, ["POST /v1/a HTTP/1.1", "host: localhost"], longest)).status, 404)
      const count = 2 ** 18
      const bytes = Buffer.from("1\r\nx\r\n".repeat(count))
      const response = yield* raw(url, (send) =>
        send(Buffer.concat([
          Buffer.from(
            "POST /v1/b HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
          ),
          bytes,
          Buffer.from("0\r\n\r\n")
        ])))
      assert.strictEqual(response.status, 404)
      const lengths = (yield* requests).map(({ body }) => String(body).length)
      assert.deepStrictEqual(lengths, [limit - 2, count])
    }))
})

describe("a server", () => {
  const refused = (options: NodeOperationsEmulator.ServeOptions) =>
    Effect.map(Effect.flip(startEmulator({}, options)), ({ cause }) => (cause as Error).message)

  it.scopedLive("listens on loopback addresses, and on others only if it may", () =>
    Effect.gen(function*() {
      for (const host of ["0.0.0.0", "::", "192.168.1.5", "example.com"]) {
        assert.strictEqual(
          yield* refused({ host }),
          `host: ${host} is not a loopback address, so others on the network could use the emulator. ` +
            "To allow this, set allowRemote"
        )
      }
      for (const [host, url] of [["localhost", "http://localhost:"], ["127.0.0.2", "http://127.0.0.2:"]] as const) {
        const served = yield* startEmulator({}, { host })
        assert.isTrue(served.url.startsWith(url), served.url)
        const stats = yield* Effect.promise(async () => (await fetch(`${served.url}/emulator/stats`)).status)
        assert.strictEqual(stats, 200)
      }
      const everywhere = yield* startEmulator({}, { host: "0.0.0.0", allowRemote: true })
      const answers = yield* Effect.forEach(["10.0.0.1", "[fe80::1]:1", "evil.example"], (host) =>
        Effect.map(request(everywhere.url, ["GET /emulator/stats HTTP/1.1", `host: ${host}`]), ({ status }) =>
          status))
      assert.deepStrictEqual(answers, [200, 200, 403])
    }))

  it.scopedLive("says which option is wrong, and when its port is taken", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* refused({ port: -1 }), "port: Expected 0 to 65535, actual -1")
      assert.strictEqual(yield* refused({ port: NaN }), "port: Expected 0 to 65535, actual NaN")
      for (const origin of ["*", "localhost:5173", "http://localhost:5173/", "null"]) {
        assert.strictEqual(
          yield* refused({ origins: [origin] }),
          `origins: Expected an origin such as http://localhost:5173, actual ${JSON.stringify(origin)}`
        )
      }
      const other = createServer()
      yield* Effect.acquireRelease(
        Effect.promise(async () => {
          other.listen(0, "127.0.0.1")
          await once(other, "listening")
        }),
        () => Effect.sync(() => other.close())
      )
      assert.include(yield* refused({ port: (other.address() as AddressInfo).port }), "EADDRINUSE")
    }))

  it.scopedLive("is made by make, serve and layer", () =>
    Effect.gen(function*() {
      const served = yield* NodeOperationsEmulator.NodeOperationsEmulator
      const emulator = yield* OperationsEmulator.OperationsEmulator
      yield* emulator.script("operations/a", [OperationsEmulator.succeeded()])
      const made = yield* NodeOperationsEmulator.make({ versions: ["v2"] })
      yield* made.script("operations/a", [OperationsEmulator.gone()])
      const statuses = yield* Effect.forEach([`${served.url}/v1`, `${made.url}/v2`, `${made.url}/v1`], (root) =>
        Effect.promise(async () => {
          const response = await fetch(`${root}/operations/a`)
          return [response.status, response.headers.get("content-type")?.split(";")[0]]
        }))
      assert.deepStrictEqual(statuses, [[200, "application/json"], [404, "application/json"], [404, "text/html"]])
      assert.deepStrictEqual([made.api.baseUrl, made.api.version], [made.url, "v1"])
      assert.deepStrictEqual((yield* served.stats).requests, 1)
    }).pipe(Effect.provide(NodeOperationsEmulator.layer())))

  it.scoped("runs on the clock of its caller", () =>
    Effect.gen(function*() {
      const emulator = yield* startEmulator()
      yield* emulator.script("operations/a", [{ type: "pending", delay: 60_000 }])
      const fiber = yield* Effect.fork(
        Effect.promise(async () => (await fetch(`${emulator.url}/v1/operations/a`)).status)
      )
      const arrived = Effect.map(emulator.stats, ({ requests }) => requests === 1)
      yield* TestServices.provideLive(eventually("the request", arrived))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Fiber.join(fiber), 200)
    }))

  it.scopedLive("ends with its scope, whatever clients still hold", () =>
    Effect.gen(function*() {
      const { pending, url } = yield* Effect.scoped(Effect.gen(function*() {
        const emulator = yield* startEmulator()
        yield* emulator.script("operations/a", [{ type: "pending", delay: 60_000 }])
        const pending = yield* Effect.fork(
          Effect.either(Effect.tryPromise(() => fetch(`${emulator.url}/v1/operations/a`)))
        )
        yield* eventually("the request", Effect.map(emulator.stats, ({ requests }) => requests === 1))
        return { pending, url: emulator.url }
      }))
      assert.strictEqual((yield* Fiber.join(pending))._tag, "Left")
      assert.strictEqual((yield* Effect.either(Effect.tryPromise(() => fetch(url))))._tag, "Left")
    }))
})
