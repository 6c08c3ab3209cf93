import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Stream from "effect/Stream"
import { googleError, json, name, pending, succeeded, unavailable } from "./support/answers.js"
import { inOrder, mockHttp, transportError } from "./support/http.js"
import { names, pending as pendingOf } from "./support/many.js"
import { service } from "./support/service.js"
import { after, every } from "./support/time.js"

describe("logs", () => {
  const logged = <A, E, R>(effect: Effect.Effect<A, E, R>, level: LogLevel.LogLevel) =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.make(({ annotations, logLevel, message }) => {
        const text = Array.isArray(message) ? message.join(" ") : String(message)
        const keys = HashMap.toEntries(annotations).map(([key, value]) => `${key}=${String(value)}`).sort()
        lines.push(`${logLevel.label} ${text} [${keys.join(" ")}]`)
      })
      const exit = yield* effect.pipe(
        Effect.exit,
        Logger.withMinimumLogLevel(level),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      )
      return { lines, exit }
    })
  const about = (name?: string) =>
    name === undefined
      ? "[server.address=accesscontextmanager.googleapis.com]"
      : `[gcp.resource.destination.id=${name} server.address=accesscontextmanager.googleapis.com]`

  it.scoped("at debug have a line for each poll, at info one for the first failure and one for the recovery", () =>
    Effect.gen(function*() {
      const http = () => inOrder(pending, unavailable, unavailable, pending, unavailable, succeeded)
      const options = { schedule: every("1 second"), retrySchedule: every("1 second") }
      const failure = "GET /v1/operations/x failed with HTTP 503 UNAVAILABLE: it did not work"
      const info = [
        `INFO Could not read operation ${name}. The wait polls again. ${failure} ${about(name)}`,
        `INFO Operation ${name} was read again, after 2 failures within 2s. ${about(name)}`
      ]
      const poll = (result: string) => `DEBUG Polled operation ${name}: ${result} ${about(name)}`
      const quiet = yield* service(http(), options)
      assert.deepStrictEqual((yield* after("1 minute", logged(quiet.wait(name), LogLevel.Info))).lines, info)
      const loud = yield* service(http(), options)
      assert.deepStrictEqual((yield* after("1 minute", logged(loud.wait(name), LogLevel.Debug))).lines, [
        poll("it is pending."),
        poll(failure),
        info[0],
        poll(failure),
        poll("it is pending."),
        info[1],
        poll(failure),
        poll("it is succeeded.")
      ])
    }))

  it.scoped.each<readonly [how: string, failure: string, cancel: Parameters<typeof mockHttp>[0]]>([
    [
      "after a while",
      "POST /v1/operations/0:cancel failed with HTTP 403 PERMISSION_DENIED: no permission to cancel",
      (_, index) =>
        Effect.delay(
          Effect.succeed(googleError(403, "PERMISSION_DENIED", { message: "no permission to cancel" })),
          index
        )
    ],
    [
      "at once",
      "POST /v1/operations/0:cancel failed: connection error (unreachable, https://accesscontextmanager.googleapis.com)",
      (request) => Effect.fail(transportError(request, new Error("unreachable")))
    ]
  ])(
    "of many cancels that fail together are one line, with the first failure: %s",
    ([_, failure, cancel]) =>
      Effect.gen(function*() {
        const http = mockHttp((request, index) =>
          request.method === "POST"
            ? cancel(request, index)
            : Effect.succeed(pendingOf(new URL(request.url).pathname.slice(4)))
        )
        const operations = yield* service(http, { schedule: every("1 hour") })
        const waiting = Stream.runDrain(operations.waitAll(names(30), { timeout: "5 seconds", onTimeout: "cancel" }))
        const { lines } = yield* after("1 minute", logged(waiting, LogLevel.Info))
        assert.deepStrictEqual(lines, [
          `WARN Could not cancel 30 of 30 operations. They may still be running: ${
            names(10).join(", ")
          }, and 20 more. ` +
          `${failure} ${about()}`
        ])
      })
  )

  it.scoped("of a list that is incomplete name each place once, and not all of many", () =>
    Effect.gen(function*() {
      let page = 0
      const http = mockHttp(() =>
        Effect.sync(() =>
          json({
            operations: [],
            unreachable: Array.from({ length: 12 }, (_, index) => `locations/${index}`),
            nextPageToken: ++page < 3 ? String(page) : ""
          })
        )
      )
      const operations = yield* service(http)
      const { lines } = yield* logged(Stream.runDrain(operations.list()), LogLevel.Info)
      const shown = Array.from({ length: 10 }, (_, index) => `locations/${index}`).join(", ")
      assert.deepStrictEqual(lines, [
        `WARN The list of operations is incomplete. Could not reach: ${shown}, and 2 more ${about()}`
      ])
    }))
})
