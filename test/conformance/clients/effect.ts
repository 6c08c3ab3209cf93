/**
 * A loop over `@effect/platform`'s `HttpClient`, as one writes it by hand.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { readFileSync } from "node:fs"
import type { Outcome } from "../client.js"
import { type Adapter, messageOf, ofDone, type OperationJson } from "./adapter.js"

export const effectByHand: Adapter = {
  title: "Effect by hand",
  version: (JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>
  }).devDependencies["@effect/platform"]!.replace("^", ""),
  install: "npm ci",
  make: ({ baseUrl, settings }) =>
    Effect.gen(function*() {
      const http = yield* Effect.map(Layer.build(NodeHttpClient.layerUndici), Context.get(HttpClient.HttpClient))
      return {
        wait: ({ from, interval, name, retries, retryInterval, timeout }) => {
          const client = http.pipe(
            HttpClient.mapRequest((request) =>
              settings.token === undefined ? request : HttpClientRequest.bearerToken(request, "token-1")
            ),
            HttpClient.filterStatusOk,
            settings.requestTimeout === undefined
              ? (client) => client
              : HttpClient.transformResponse(Effect.timeout(settings.requestTimeout)),
            HttpClient.retryTransient({
              schedule: Schedule.spaced(retryInterval),
              ...(retries === undefined ? {} : { times: retries })
            })
          )
          const known = typeof from === "object" && "operation" in from ? from.operation as OperationJson : undefined
          const get = client.get(`${baseUrl}/v1/${known === undefined ? name : known.name}`).pipe(
            Effect.flatMap((response) => response.json),
            Effect.map((json) => json as OperationJson)
          )
          const loop = Effect.gen(function*() {
            let operation = known ?? (yield* get)
            while (operation.done !== true) {
              yield* Effect.sleep(interval)
              operation = yield* get
            }
            return operation
          })
          return loop.pipe(
            Effect.map(ofDone),
            timeout === undefined
              ? (wait) => wait
              : Effect.timeoutTo({
                duration: timeout,
                onSuccess: (outcome) => outcome,
                onTimeout: (): Outcome => ({ end: "gaveUp" })
              }),
            Effect.catchAll((error) =>
              Effect.succeed<Outcome>({
                end: "unreadable",
                httpStatus: error._tag === "ResponseError" ? error.response.status : undefined,
                message: messageOf(error)
              })
            ),
            // A response that is no operation.
            Effect.catchAllDefect((defect) =>
              Effect.succeed<Outcome>({ end: "unreadable", message: messageOf(defect) })
            )
          )
        },
        save: () => Effect.dieMessage("it cannot be saved")
      }
    }),
  lacks: {
    cancelAtTheEnd: "the loop never cancels an operation",
    renewal: "the loop uses a single token",
    save: "the loop cannot save a wait",
    serverHolds: "the loop does not call `wait`",
    types: "the loop does not decode responses"
  }
}
