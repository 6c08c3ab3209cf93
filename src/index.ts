/**
 * The status codes of `google.rpc.Code`: their names, their numbers, and the corresponding HTTP statuses.
 *
 * @since 0.1.0
 */
export * as Code from "./Code.js"

/**
 * How requests are authorized.
 *
 * @since 0.1.0
 */
export * as Credentials from "./Credentials.js"

/**
 * Dialects: the forms of requests and responses for operations in Google's APIs.
 *
 * Most APIs use `google.longrunning.Operation`. Their dialect is {@link longRunning}, the default of `GoogleApi.make`.
 * Compute Engine, Cloud SQL, GKE and BigQuery have other forms. Their dialects decode them to the same `Operation`, so
 * every function of this package works with these APIs too.
 *
 * A dialect consists of data and pure functions. It describes the requests, and decodes the JSON of the responses. The
 * service sends the requests. For an API with another form, write a {@link Dialect}.
 *
 * @since 0.4.0
 */
export * as Dialect from "./Dialect.js"

/**
 * The ten standard error details (`google/rpc/error_details.proto`). A detail that is malformed is kept as a raw `Any`.
 *
 * In JSON, every field is optional. An absent or `null` field has its proto3 default value (`""`, `[]`, `{}`). 64-bit
 * numbers are strings, as in ProtoJSON, because a JavaScript number cannot represent all of them.
 *
 * @since 0.1.0
 */
export * as ErrorDetails from "./ErrorDetails.js"

/**
 * The description of a Google API that a service sends requests to.
 *
 * @since 0.1.0
 */
export * as GoogleApi from "./GoogleApi.js"

/**
 * The error of a request that failed. The operation may be in any state.
 *
 * @since 0.1.0
 */
export * as HttpError from "./HttpError.js"

/**
 * `google.longrunning.Operation`: the state of a call that a Google API continues after its response.
 *
 * @since 0.1.0
 */
export * as Operation from "./Operation.js"

/**
 * The error of an operation that failed. It is final: reading the operation again fails with the same error.
 *
 * @since 0.1.0
 */
export * as OperationError from "./OperationError.js"

/**
 * A reference to a started operation, as a small JSON value. Another process can use it to wait for the operation.
 *
 * @since 0.2.0
 */
export * as OperationHandle from "./OperationHandle.js"

/**
 * The response type and the metadata type of a method that starts operations. With them, the methods of
 * `OperationsService` return typed results.
 *
 * The proto files of an API declare these types in the annotation `google.longrunning.operation_info`.
 *
 * @since 0.2.0
 */
export * as OperationInfo from "./OperationInfo.js"

/**
 * An API with long-running operations, for tests: scripted operations, in memory and on the clock of the test.
 *
 * A script says as data what each poll of an operation responds. {@link layerTest} provides the `OperationsService` that a
 * program asks for: the real client, which talks to the emulator in memory. `NodeOperationsEmulator` serves an emulator on
 * a socket.
 *
 * The emulator responds to
 *
 * - the methods of `google.longrunning.Operations`: get, list, cancel, delete and wait. With an `api` of
 *   another dialect it responds to those of that API, in their form: Compute Engine, Cloud SQL, GKE, BigQuery, Vertex AI. A
 *   `filter` of a list can be `done=true`, `done=false`, `status=DONE` or `status!=DONE`
 * - the methods that start operations, as {@link Service.onStart} says
 * - the methods of Access Context Manager for access policies, access levels and service perimeters. Their operations are
 *   done after `operationDuration`
 * - `POST /emulator/operations` with `{ "name", "steps" }`, `POST /emulator/starts` with
 *   `{ "method", "path", "name", "steps" }`, `GET /emulator/requests` and `GET /emulator/stats`, for programs that reach it
 *   over HTTP only
 *
 * Errors have the format that the query parameter `$.xgafv` selects. A path that leads nowhere gets the HTML page of
 * Google's front end.
 *
 * @since 0.1.0
 */
export * as OperationsEmulator from "./OperationsEmulator.js"

/**
 * The metrics of all services of a process, for any exporter of Effect's metrics.
 *
 * Names and units follow OpenTelemetry. The unit is the label `unit`, which `@effect/opentelemetry` exports as the unit. Each
 * metric has further labels, in the order that its documentation gives: `server.address` is the host of the API. No label holds
 * the name of an operation. The labels of `Effect.tagMetrics` come last.
 *
 * @since 0.4.0
 */
export * as OperationsMetrics from "./OperationsMetrics.js"

/**
 * A client of the long-running operations of one API: reads an operation, waits for it, and closes its connections.
 *
 * @since 0.1.0
 */
export * as OperationsService from "./OperationsService.js"

/**
 * Schedules for the delays between polls.
 *
 * A wait accepts any `Schedule`. The schedules of this module have a longest delay and a jitter, and compose with those
 * of Effect. Their output is the delay before the next poll. An option that is out of range throws a `RangeError`.
 *
 * @since 0.1.0
 */
export * as Polling from "./Polling.js"

/**
 * `google.protobuf.Any` in its JSON form: a message of any type, with the URL of its type.
 *
 * @since 0.1.0
 */
export * as ProtobufAny from "./ProtobufAny.js"

/**
 * The error of an operation that succeeded with an unexpected response.
 *
 * @since 0.2.0
 */
export * as ResultError from "./ResultError.js"

/**
 * `google.rpc.Status`: the error of a Google API.
 *
 * @since 0.1.0
 */
export * as Status from "./Status.js"

/**
 * The error of a wait that ended before the operation was done.
 *
 * @since 0.1.0
 */
export * as WaitTimeoutError from "./WaitTimeoutError.js"
