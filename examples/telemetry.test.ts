import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { printing } from "./support/printing.js"
import { main } from "./telemetry.js"

it.live("prints the trace of a wait through two faults, and the metrics", () =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    yield* printing(lines, main).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
    assert.deepStrictEqual(lines, [
      "nightly backup",
      "  OperationsService.wait poll_attempt_count=5",
      "    GET /v1/{name} status_code=200 poll_attempt_count=1",
      "    * gcp.longrunning.pending poll_attempt_count=1",
      "    GET /v1/{name} status_code=503 type=503 poll_attempt_count=2",
      "    * gcp.longrunning.transient_failure type=503 poll_attempt_count=2",
      "    GET /v1/{name} status_code=200 type=CLIENT_RESPONSE_DECODE_ERROR poll_attempt_count=3",
      "    GET /v1/{name} status_code=200 poll_attempt_count=4",
      "    * gcp.longrunning.recovered poll_attempt_count=4",
      "    * gcp.longrunning.metadata_changed poll_attempt_count=4",
      "    GET /v1/{name} status_code=200 poll_attempt_count=5",
      "    * gcp.longrunning.done poll_attempt_count=5",
      "gcp.longrunning.polls | {poll} | 5 | get",
      "gcp.longrunning.requests | {request} | 1 | GET | 200 | CLIENT_RESPONSE_DECODE_ERROR",
      "gcp.longrunning.requests | {request} | 1 | GET | 503 | 503",
      "gcp.longrunning.requests | {request} | 3 | GET | 200",
      "gcp.longrunning.transient_failures | {failure} | 1 | 503",
      "gcp.longrunning.transient_failures | {failure} | 1 | CLIENT_RESPONSE_DECODE_ERROR",
      "gcp.longrunning.wait.duration | s | 1 | succeeded",
      "gcp.longrunning.waits | {wait} | 0"
    ])
  }))
