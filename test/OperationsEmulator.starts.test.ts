import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { httpError, service } from "./support/service.js"
import { eventually, startEmulator } from "./support/sockets.js"

const send = (client: HttpClient.HttpClient, request: HttpClientRequest.HttpClientRequest) =>
  Effect.flatMap(client.execute(request), (response) =>
    Effect.map(response.text, (text) => ({
      status: response.status,
      body: (text.startsWith("{") ? JSON.parse(text) : text) as unknown
    })))

const post = (emulator: OperationsEmulator.Service, path: string, body: unknown = {}) =>
  send(emulator.httpClient, HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post(`http://localhost${path}`), body))

const get = (emulator: OperationsEmulator.Service, path: string) =>
  send(emulator.httpClient, HttpClientRequest.get(`http://localhost${path}`))

const messageOf = ({ body }: { readonly body: unknown }) =>
  (body as { readonly error: { readonly message: string } }).error.message

const serviceOf = (emulator: OperationsEmulator.Service, api: GoogleApi.GoogleApi) =>
  service({
    layer: Layer.provide(
      OperationsEmulator.layerHttpClient,
      Layer.succeed(OperationsEmulator.OperationsEmulator, emulator)
    )
  }, { api })

const run = GoogleApi.make({ baseUrl: "https://run.googleapis.com", version: "v2" })
const services = "/v2/{parent=projects/*/locations/*}/services"
const parent = "projects/p/locations/europe-west1"

describe("onStart", () => {
  it.scoped("starts, from request to result, through the client and on the test's clock", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      yield* emulator.onStart({ path: services }, ({ body, headers, params, query }) => {
        assert.deepStrictEqual(body, { template: { containers: [{ image: "example.com/image" }] } })
        assert.deepStrictEqual(params, { parent })
        assert.deepStrictEqual(query, { serviceId: "s", validateOnly: "true" })
        assert.strictEqual(headers["x-goog-user-project"], "billed")
        return [
          { type: "pending", metadata: { percent: 10 } },
          { type: "pending", duration: 60_000, metadata: { percent: 50 } },
          { type: "http", status: 503 },
          {
            type: "succeeded",
            response: { "@type": "x/google.cloud.run.v2.Service", name: `${params["parent"]}/services/s` }
          }
        ]
      })
      const operations = yield* serviceOf(emulator, run)
      const started = yield* operations.start(
        HttpClientRequest.post(`/v2/${parent}/services?serviceId=ignored&serviceId=s&validateOnly=true`).pipe(
          HttpClientRequest.setHeader("x-goog-user-project", "billed"),
          HttpClientRequest.bodyUnsafeJson({ template: { containers: [{ image: "example.com/image" }] } })
        )
      )
      assert.deepStrictEqual([started._tag, started.name, started.metadata], [
        "Pending",
        `${parent}/operations/1`,
        { percent: 10 }
      ])
      const fiber = yield* Effect.fork(operations.wait(started))
      yield* TestClock.adjust("3 minutes")
      const { response } = yield* Fiber.join(fiber)
      assert.strictEqual(response?.["name"], `${parent}/services/s`)
      const [start, ...polls] = yield* emulator.calls
      assert.deepStrictEqual(start, { method: "start", name: `${parent}/operations/1`, at: 0 })
      assert.isAbove(polls.length, 2)
      assert.isTrue(polls.every(({ method, name }) => method === "get" && name === start?.name))
    }))

  it.scopedLive("works over a loopback socket", () =>
    Effect.gen(function*() {
      const emulator = yield* startEmulator()
      yield* emulator.onStart({ method: "PATCH", path: "/v2/{name=projects/*/locations/*/services/*}" }, {
        name: `${parent}/operations/patched`,
        steps: [{ type: "pending" }, { type: "succeeded" }]
      })
      const operations = yield* NodeOperations.make({ api: GoogleApi.make({ ...run, baseUrl: emulator.url }) })
      const started = yield* operations.start(HttpClientRequest.patch(`/v2/${parent}/services/s`))
      assert.strictEqual(started.name, `${parent}/operations/patched`)
      assert.strictEqual((yield* operations.get(started.name))._tag, "Succeeded")
    }))

  it.effect("names operations by number, below the project and location of the path", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      for (const parent of ["projects/*", "projects/*/locations/*", "projects/*/locations/*/clusters/*", "folders/*"]) {
        yield* emulator.onStart({ path: `/v1/{parent=${parent}}/things` }, [{ type: "pending" }])
      }
      const names = yield* Effect.forEach([
        "projects/p",
        "projects/p/locations/l",
        "projects/p/locations/l/clusters/c",
        "projects/example.com:p/locations/l",
        "projects/%C3%BC/locations/l",
        "folders/1"
      ], (parent) => post(emulator, `/v1/${parent}/things`))
      assert.deepStrictEqual(names.map(({ body }) => body), [
        { name: "operations/1" },
        { name: "projects/p/locations/l/operations/2" },
        { name: "projects/p/locations/l/operations/3" },
        { name: "projects/example.com:p/locations/l/operations/4" },
        { name: "projects/ü/locations/l/operations/5" },
        { name: "operations/6" }
      ])
    }))

  it.effect("uses the first route that matches; a second handler of a route takes the place of the first", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      const named = (id: string) => ({ name: `operations/${id}`, steps: [{ type: "pending" }] as const })
      yield* emulator.onStart({ path: "/v1/{parent=projects/*}/things" }, named("first"))
      yield* emulator.onStart({ path: "/v1/{parent=projects/*}/{collection}" }, named("second"))
      yield* emulator.onStart({ path: "/v1/{name=projects/*/things/*}:run" }, named("run"))
      yield* emulator.onStart({ method: "DELETE", path: "/v1/{name=projects/*/things/*}" }, named("delete"))
      yield* emulator.onStart({ path: "/v1/exact" }, named("exact"))
      const started = (path: string) =>
        Effect.map(post(emulator, path), ({ body, status }) => status === 200 ? body : status)
      assert.deepStrictEqual(yield* started("/v1/projects/p/things"), { name: "operations/first" })
      assert.deepStrictEqual(yield* started("/v1/projects/p/others"), { name: "operations/second" })
      assert.deepStrictEqual(yield* started("/v1/projects/p/things/t:run"), { name: "operations/run" })
      assert.deepStrictEqual(yield* started("/v1/projects/example.com:p/things"), { name: "operations/first" })
      assert.deepStrictEqual(yield* started("/v1/exact"), { name: "operations/exact" })
      for (
        const path of [
          "/v1/projects/p/things/t",
          "/v1/projects/p/things/t:stop",
          "/v1/projects/p/q/things",
          "/v1/projects//things",
          "/v1/exact/",
          "/v2/projects/p/things",
          "/v1/projects%2Fp/things"
        ]
      ) assert.strictEqual(yield* started(path), 404, path)
      const deleted = yield* send(emulator.httpClient, HttpClientRequest.del("http://localhost/v1/projects/p/things/t"))
      assert.deepStrictEqual(deleted.body, { name: "operations/delete" })
      yield* emulator.onStart({ path: "/v1/{parent=projects/*}/things" }, named("newer"))
      assert.deepStrictEqual(yield* started("/v1/projects/p/things"), { name: "operations/newer" })
      // The operations' own methods come before.
      yield* emulator.onStart({ path: "/v1/{name=**}:cancel" }, named("never"))
      assert.deepStrictEqual(yield* started("/v1/operations/first:cancel"), {})
    }))

  it.effect("decodes the variables of a path: a slash in one segment, not in several", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      const seen: Array<unknown> = []
      yield* emulator.onStart({ path: "/v1/{parent=a/**}/b/{resource.id}" }, () => [{ type: "pending" }]).pipe(
        Effect.flip,
        Effect.map(({ message }) => seen.push(message))
      )
      yield* emulator.onStart({ path: "/v1/{parent=a/*}/b/{resource.id}" }, ({ params }) => {
        seen.push(params)
        return [{ type: "pending" }]
      })
      yield* post(emulator, "/v1/a/x%2Fy%20z/b/x%2Fy%20z")
      assert.deepStrictEqual(seen, [
        "path: Expected a path such as /v1/{parent=projects/*}/things, actual \"/v1/{parent=a/**}/b/{resource.id}\"",
        { parent: "a/x%2Fy z", "resource.id": "x/y z" }
      ])
      const malformed = yield* post(emulator, "/v1/a/%E4/b/c")
      assert.deepStrictEqual([malformed.status, messageOf(malformed)], [
        400,
        "The percent-encoding of the path is malformed."
      ])
    }))

  it.effect("can be an effect, and can count", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      let starts = 0
      yield* emulator.onStart({ path: "/v1/things" }, () =>
        Effect.as(
          Effect.sleep("1 second"),
          ++starts === 1
            ? [{ type: "http", status: 503, headers: { "retry-after": "1" } }]
            : { name: `operations/${starts}`, steps: [{ type: "pending" }] }
        ))
      const fiber = yield* Effect.fork(Effect.all([post(emulator, "/v1/things"), post(emulator, "/v1/things")]))
      yield* TestClock.adjust("2 seconds")
      const [first, second] = yield* Fiber.join(fiber)
      assert.strictEqual(first.status, 503)
      assert.deepStrictEqual(second.body, { name: "operations/2" })
    }))

  it.scoped("a handler that fails makes the start fail, with its reason", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      const handlers: ReadonlyArray<readonly [OperationsEmulator.StartHandler, string]> = [
        [() => assert.fail("the title is wrong"), "the title is wrong"],
        [() => Effect.fail("it does not like it"), "it does not like it"],
        [() => Effect.die("dead"), "dead"],
        [() => Effect.interrupt, "the handler was interrupted"],
        [() => undefined as never, "steps: Expected an array of steps"],
        [
          () => [{ type: "pending", delay: -1 }],
          "steps[0].delay: Expected milliseconds between 0 and 2147483647, actual -1"
        ],
        [
          () => ({ name: "x", steps: [{ type: "gone" }] }),
          "name: Expected the name of an operation, such as operations/a, actual \"x\""
        ]
      ]
      const operations = yield* serviceOf(emulator, GoogleApi.accessContextManager)
      for (const [handler, reason] of handlers) {
        yield* emulator.onStart({ path: "/v1/things" }, handler)
        const error = yield* httpError(operations.start(HttpClientRequest.post("/v1/things")))
        assert.strictEqual(error.code, "INTERNAL", reason)
        assert.include(error.message, `The handler of POST /v1/things failed: ${reason}`)
      }
      assert.deepStrictEqual(yield* emulator.calls, [])
    }))

  it.effect("refuses what is no route and no script", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      const steps = [{ type: "pending" }]
      const cases: ReadonlyArray<readonly [unknown, unknown, string]> = [
        [undefined, steps, "path: Expected a path"],
        [
          { method: "post", path: "/v1/things" },
          steps,
          "method: Expected an HTTP method in capital letters, such as POST"
        ],
        [{ method: 5, path: "/v1/things" }, steps, "method: Expected"],
        [{ path: "v1/things" }, steps, "path: Expected"],
        [{ path: "/emulator/things" }, steps, "path: Expected"],
        [{ path: `/v1/${"a".repeat(2_048)}` }, steps, "path: Expected"],
        [{ path: "/v1/{parent" }, steps, "path: Expected"],
        [{ path: "/v1/}" }, steps, "path: Expected"],
        [{ path: "/v1/{}" }, steps, "path: Expected"],
        [{ path: "/v1/{a=}" }, steps, "path: Expected"],
        [{ path: "/v1/{a}{b}" }, steps, "path: Expected"],
        [{ path: "/v1/**/a" }, steps, "path: Expected"],
        [{ path: "/v1/a*" }, steps, "path: Expected"],
        [{ path: "/v1/{a=b/{c}}" }, steps, "path: Expected"],
        [{ path: "/v1/a:b:c" }, steps, "path: Expected"],
        [{ path: "/v1/things" }, undefined, "steps: Expected an array of steps"],
        [{ path: "/v1/things" }, [], "steps: Expected at least one step"],
        [{ path: "/v1/things" }, { name: "x", steps }, "name: Expected the name of an operation"],
        [{ path: "/v1/things" }, { name: "operations/x" }, "steps: Expected an array of steps"]
      ]
      for (const [route, start, reason] of cases) {
        const error = yield* Effect.flip(emulator.onStart(route as never, start as never))
        assert.strictEqual(error._tag, "ScriptError")
        assert.isTrue(error.message.startsWith(reason), `${error.message}, for ${JSON.stringify([route, start])}`)
      }
      assert.strictEqual((yield* post(emulator, "/v1/things")).status, 404)
    }))

  it.live("matches a long path in linear time", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      yield* emulator.onStart({ path: "/v1/{a}/{b}/{c}/{d=**}:run" }, [{ type: "pending" }])
      const [took] = yield* Effect.timed(post(emulator, `/v1/${"a/".repeat(100_000)}b`))
      assert.isBelow(Duration.toMillis(took), 2_000)
    }))

  it.effect("is there over HTTP, for programs in other languages", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      const route = { method: "POST", path: "/v3/{parent=projects/*}/things" }
      const scripted = yield* post(emulator, "/emulator/starts", {
        ...route,
        steps: [{ type: "pending" }, { type: "succeeded" }]
      })
      assert.deepStrictEqual(scripted, { status: 200, body: {} })
      assert.deepStrictEqual((yield* post(emulator, "/v3/projects/p/things")).body, { name: "operations/1" })
      // The version in the path is served from then on.
      assert.deepStrictEqual((yield* get(emulator, "/v3/operations/1")).body, { name: "operations/1", done: true })
      const refused = yield* post(emulator, "/emulator/starts", { ...route, steps: [{ type: "http", status: 1 }] })
      assert.strictEqual(messageOf(refused), "steps[0].status: Expected a number between 200 and 599, actual 1")
    }))
})

describe("the requests", () => {
  it.effect("are kept with their bodies and without their secrets", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      yield* emulator.script("operations/a", [{ type: "pending" }])
      yield* TestClock.adjust("5 seconds")
      yield* send(
        HttpClient.withTracerPropagation(emulator.httpClient, false),
        HttpClientRequest.get("http://localhost/v1/operations/a?alt=json&key=AIza-secret&access_token=secret").pipe(
          HttpClientRequest.setHeaders({
            Authorization: "Bearer secret",
            "X-Goog-Api-Key": "secret",
            cookie: "secret",
            "x-goog-user-project": "p"
          })
        )
      )
      yield* post(emulator, "/v1/unknown?a=1&a=2", { deep: [1, null] })
      yield* send(
        emulator.httpClient,
        HttpClientRequest.bodyText(HttpClientRequest.put("http://localhost/x"), "no JSON")
      )
      const [poll, unknown, text] = yield* emulator.requests
      assert.deepStrictEqual(poll, {
        method: "GET",
        path: "/v1/operations/a",
        query: { alt: "json", key: "<redacted>", access_token: "<redacted>" },
        headers: {
          authorization: "<redacted>",
          "x-goog-api-key": "<redacted>",
          cookie: "<redacted>",
          "x-goog-user-project": "p"
        },
        body: undefined,
        at: 5_000
      })
      assert.deepStrictEqual([unknown?.method, unknown?.path, unknown?.query, unknown?.body], [
        "POST",
        "/v1/unknown",
        { a: "2" },
        { deep: [1, null] }
      ])
      assert.strictEqual(text?.body, "no JSON")
      assert.strictEqual(JSON.stringify((yield* get(emulator, "/emulator/requests")).body).includes("secret"), false)
      const { requests } = (yield* get(emulator, "/emulator/requests")).body as {
        readonly requests: ReadonlyArray<unknown>
      }
      assert.strictEqual(requests.length, 3)
    }))

  it.effect("have the body of every kind of request", () =>
    Effect.gen(function*() {
      const emulator = OperationsEmulator.make()
      const request = HttpClientRequest.post("http://localhost/v1/x")
      const form = new FormData()
      form.append("field", "of a form")
      for (
        const body of [
          HttpClientRequest.bodyUint8Array(request, new TextEncoder().encode("bytes")),
          HttpClientRequest.bodyFormData(request, form),
          HttpClientRequest.bodyUrlParams(request, { a: "b c" })
        ]
      ) yield* send(emulator.httpClient, body)
      const bodies = (yield* emulator.requests).map(({ body }) => String(body))
      assert.strictEqual(bodies[0], "bytes")
      assert.include(bodies[1], "of a form")
      assert.strictEqual(bodies[2], "a=b+c")
    }))

  it.effect(
    "are the latest: at most 10,000, and at most 16 million characters of bodies",
    () =>
      Effect.gen(function*() {
        const emulator = OperationsEmulator.make()
        const { execute } = HttpClient.withTracerDisabledWhen(emulator.httpClient, () => true)
        for (let index = 0; index < 10_010; index++) {
          yield* execute(HttpClientRequest.get(`http://localhost/v1/${index}`))
        }
        const paths = (yield* emulator.requests).map(({ path }) => path)
        assert.deepStrictEqual([paths.length, paths[0], paths.at(-1)], [10_000, "/v1/10", "/v1/10009"])
        assert.strictEqual((yield* emulator.stats).requests, 10_010)
        yield* Effect.forEach(["a", "b", "c"], (name) => post(emulator, `/v1/${name}`, "x".repeat(7_000_000)))
        assert.deepStrictEqual((yield* emulator.requests).map(({ path }) => path), ["/v1/b", "/v1/c"])
      }),
    30_000
  )

  it.scopedLive("of a start that is aborted are counted as such", () =>
    Effect.gen(function*() {
      const emulator = yield* startEmulator()
      yield* emulator.onStart({ path: "/v1/things" }, () => Effect.never)
      const fiber = yield* Effect.fork(
        Effect.tryPromise((signal) => fetch(`${emulator.url}/v1/things`, { method: "POST", signal }))
      )
      yield* eventually("the start arrives", Effect.map(emulator.requests, ({ length }) => length === 1))
      yield* Fiber.interrupt(fiber)
      yield* eventually("the server sees it", Effect.map(emulator.stats, ({ aborted }) => aborted === 1))
    }))
})
