// A worker for workerd. The last segment of the path selects the action:
//
// - /scenario: runs the scenario
// - /own: waits for an operation with a service that this request makes
// - /shared: the same with one service for all requests
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { overFetch, runScenario } from "../scenario.js"

const layerOf = (baseUrl: string) =>
  OperationsService.layer({ api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl }) }).pipe(
    Layer.provide(FetchHttpClient.layer)
  )

// #region request
const waitFor = (name: string) =>
  Effect.flatMap(
    OperationsService.OperationsService,
    (operations) => operations.wait(name, { schedule: Polling.spaced("500 millis"), timeout: "20 seconds" })
  )

const respond = (name: string, baseUrl: string): Promise<Response> =>
  waitFor(name).pipe(
    // Makes a service for this request, and closes it when the wait ends.
    Effect.provide(layerOf(baseUrl)),
    Effect.map((operation) => Response.json(operation)),
    Effect.catchAll((error) => Effect.succeed(Response.json(error.message, { status: 502 }))),
    Effect.runPromise
  )
// #endregion

// A service that requests share. A Worker must not have one.
let shared: ManagedRuntime.ManagedRuntime<OperationsService.OperationsService, never> | undefined

export default {
  async fetch(request: { readonly url: string }): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const [origin, run] = [searchParams.get("origin") ?? "", searchParams.get("run") ?? ""]
    const name = `operations/${run}/slow`
    if (pathname === "/scenario") return Response.json(await runScenario(origin, run, overFetch))
    if (pathname === "/own") return respond(name, origin)
    shared ??= ManagedRuntime.make(layerOf(origin))
    return Response.json(await shared.runPromise(Effect.either(waitFor(name))))
  }
}
