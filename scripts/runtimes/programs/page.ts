// Runs the scenario in a page: /page?origin=ORIGIN&run=RUN. Posts the results to /report/RUN.
//
// If the server has another origin than the page, its CORS headers allow no trace headers. So they are turned off.
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Make, overFetch, runScenario } from "../scenario.js"

const withoutTraceHeaders = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, HttpClient.withTracerPropagation(false))
).pipe(Layer.provide(FetchHttpClient.layer))

const fromAnotherOrigin: Make = (options) => Effect.provide(OperationsService.make(options), withoutTraceHeaders)

const query = new URLSearchParams(location.search)
const origin = query.get("origin") ?? location.origin
const run = query.get("run") ?? ""
const results = await runScenario(origin, run, origin === location.origin ? overFetch : fromAnotherOrigin)
await fetch(`/report/${run}`, { method: "POST", body: JSON.stringify(results) })
