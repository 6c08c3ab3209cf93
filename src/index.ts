/**
 * The `google.rpc.Code` status codes: their names, their numbers, and the corresponding HTTP statuses.
 *
 * @since 0.1.0
 */
export * as Code from "./Code.js"

/**
 * Credentials that authorize API requests.
 *
 * @since 0.1.0
 */
export * as Credentials from "./Credentials.js"

/**
 * Dialects: the formats that Google's APIs use for operation requests and responses.
 *
 * Most APIs use `google.longrunning.Operation`. Their dialect is {@link longRunning}, the default of `GoogleApi.make`.
 * Compute Engine, Cloud SQL, GKE and BigQuery represent operations in other formats. Their dialects decode these
 * formats to the same `Operation` type, so every function in this package also works with these APIs.
 *
 * A dialect consists of data and pure functions. It describes the requests and decodes the JSON responses. The service
 * sends the requests. To support an API with another format, write a {@link Dialect}.
 *
 * @since 0.4.0
 */
export * as Dialect from "./Dialect.js"

/**
 * The ten standard types of error detail (`google/rpc/error_details.proto`). A malformed detail is kept as a raw `Any`.
 *
 * In JSON, every field is optional. An absent or `null` field takes its proto3 default value (`""`, `[]`, `{}`). 64-bit
 * numbers are represented as strings, as in ProtoJSON, because a JavaScript number cannot represent all of them.
 *
 * @since 0.1.0
 */
export * as ErrorDetails from "./ErrorDetails.js"

/**
 * Descriptions of Google APIs. A description contains an API's address, version, methods and dialect.
 *
 * @since 0.1.0
 */
export * as GoogleApi from "./GoogleApi.js"

/**
 * The error with which a request fails. The operation may be in any state.
 *
 * @since 0.1.0
 */
export * as HttpError from "./HttpError.js"

/**
 * `google.longrunning.Operation`: the state of work that a Google API continues after it has responded.
 *
 * @since 0.1.0
 */
export * as Operation from "./Operation.js"

/**
 * The error of a failed operation. The error is final: reading the operation again fails with the same error.
 *
 * @since 0.1.0
 */
export * as OperationError from "./OperationError.js"

/**
 * A reference to a started operation that can be encoded as a small JSON value. Another process can use the reference
 * to wait for the operation.
 *
 * @since 0.2.0
 */
export * as OperationHandle from "./OperationHandle.js"

/**
 * Describes the response type and the metadata type of a method that starts operations, and provides the
 * `OperationsService` methods with results of these types.
 *
 * An API's proto files declare these types in the annotation `google.longrunning.operation_info`.
 *
 * @since 0.2.0
 */
export * as OperationInfo from "./OperationInfo.js"

/**
 * An emulated API with long-running operations, for tests. The operations are scripted, live in memory, and use the
 * test clock.
 *
 * A script is a list of steps that determine the responses to an operation's polls. Steps are plain data.
 * {@link layerTest} provides an `OperationsService` whose client sends its requests to the in-memory emulator.
 * `NodeOperationsEmulator` serves an emulator on a socket.
 *
 * The emulator implements:
 *
 * - the methods get, list, cancel, delete and wait of `google.longrunning.Operations`. If the `api` uses another
 *   dialect, the emulator instead implements that API's methods and formats (Compute Engine, Cloud SQL, GKE, BigQuery,
 *   Vertex AI). The `filter` of a list request can be `done=true`, `done=false`, `status=DONE` or `status!=DONE`
 * - methods that start operations, as scripted with {@link Service.onStart}
 * - the Access Context Manager methods for access policies, access levels and service perimeters. Their operations take
 *   `operationDuration`
 * - `POST /emulator/operations` with `{ "name", "steps" }`, `POST /emulator/starts` with
 *   `{ "method", "path", "name", "steps" }`, `GET /emulator/requests` and `GET /emulator/stats`, for programs that use
 *   the emulator over HTTP
 *
 * The query parameter `$.xgafv` selects the error format. The response to an unknown path is the same HTML page that
 * Google's front end sends.
 *
 * @since 0.1.0
 */
export * as OperationsEmulator from "./OperationsEmulator.js"

/**
 * Metrics that cover all services in a process. Any exporter for Effect metrics can read them.
 *
 * Names and units follow OpenTelemetry. The label `unit` contains the unit, and `@effect/opentelemetry` exports this
 * label as the metric's unit. The other labels appear in the documented order, followed by the labels that
 * `Effect.tagMetrics` adds. `server.address` is the API host. No label contains an operation name.
 *
 * @since 0.4.0
 */
export * as OperationsMetrics from "./OperationsMetrics.js"

/**
 * A client for the long-running operations of one API. It starts, reads, awaits, lists, cancels and deletes operations.
 *
 * @since 0.1.0
 */
export * as OperationsService from "./OperationsService.js"

/**
 * Schedules that determine the delays between polls.
 *
 * A wait accepts any `Schedule`. The schedules in this module support jitter, keep each delay below an upper limit, and
 * can be combined with Effect's schedules. Their output is the delay before the next poll. If an option is out of
 * range, the functions throw a `RangeError`.
 *
 * @since 0.1.0
 */
export * as Polling from "./Polling.js"

/**
 * `google.protobuf.Any` as JSON: a message of any type, together with its type URL.
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
 * `google.rpc.Status`: the error format that Google APIs use.
 *
 * @since 0.1.0
 */
export * as Status from "./Status.js"

/**
 * The error with which a wait fails if it ends before the operation is done.
 *
 * @since 0.1.0
 */
export * as WaitTimeoutError from "./WaitTimeoutError.js"
