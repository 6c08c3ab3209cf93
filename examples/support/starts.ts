// Starts of any API, for the emulator.
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import type * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"

/** What a request such as `POST /v1/accessPolicies` starts, or what it is answered with. */
export type Starts = Readonly<
  Record<string, { readonly name: string; readonly steps: NonEmptyReadonlyArray<OperationsEmulator.Step> } | Response>
>

/** An `HttpClient` for an emulator that starts these operations. */
export const httpClient = (emulator: OperationsEmulator.Service, starts: Starts): HttpClient.HttpClient =>
  HttpClient.make((request, url) => {
    const start = starts[`${request.method} ${url.pathname}`]
    if (start === undefined) return emulator.httpClient.execute(request)
    if (start instanceof Response) return Effect.succeed(HttpClientResponse.fromWeb(request, start.clone()))
    return Effect.zipRight(
      emulator.script(start.name, start.steps),
      emulator.httpClient.get(`${url.origin}/${url.pathname.split("/")[1]}/${start.name}`)
    )
  })
