// A worker for workerd. The last segment of the path says what it does.
//
// - /scenario: runs the scenario
// - /own: waits for an operation with a service that this request makes
// - /shared: the same with one service for all requests
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { overFetch, runScenario } from "../scenario.js"

let shared: Promise<OperationsService.Service> | undefined

const make = (origin: string) =>
  overFetch({ api: GoogleApi.make({ ...GoogleApi.accessContextManager, baseUrl: origin }) })

const wait = (run: string) => (operations: OperationsService.Service) =>
  operations.wait(`operations/${run}/slow`, { schedule: Polling.spaced("500 millis") })

export default {
  async fetch(request: { readonly url: string }): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const [origin, run] = [searchParams.get("origin") ?? "", searchParams.get("run") ?? ""]
    if (pathname === "/scenario") return Response.json(await runScenario(origin, run, overFetch))
    const waiting = pathname === "/own"
      ? Effect.scoped(Effect.flatMap(make(origin), wait(run)))
      : Effect.flatMap(
        Effect.promise(() =>
          shared ??= Effect.runPromise(Effect.flatMap(Scope.make(), (scope) => Scope.extend(make(origin), scope)))
        ),
        wait(run)
      )
    return Response.json(await Effect.runPromise(Effect.either(waiting)))
  }
}
