/**
 * The canonical status codes of `google.rpc.Code`, by name and by number, and how they relate to HTTP statuses.
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
 * How an API asks for its operations, and how its responses read.
 *
 * Most of Google's APIs have `google.longrunning.Operation`s: {@link longRunning}, the default of `GoogleApi.make`. Compute
 * Engine, Cloud SQL, GKE and BigQuery have operations of their own; with their dialects they read as the same
 * `Operation`, so that waiting, sharing, handles and errors work with all of them.
 *
 * A dialect is plain data and pure functions. It knows names and JSON; the service sends the requests. For an API that
 * has no dialect here, write a {@link Dialect} of your own.
 *
 * @since 0.4.0
 */
export * as Dialect from "./Dialect.js"

/**
 * The ten standard error details (`google/rpc/error_details.proto`): decoded if they are well-formed, raw if not.
 *
 * On the wire every field is optional. An absent or `null` field reads as its proto3 default (`""`, `[]`, `{}`), as
 * ProtoJSON defines it. 64-bit numbers stay strings, so that none loses precision and all survive `JSON.stringify`.
 *
 * @since 0.1.0
 */
export * as ErrorDetails from "./ErrorDetails.js"

/**
 * Which Google API a service talks to.
 *
 * @since 0.1.0
 */
export * as GoogleApi from "./GoogleApi.js"

/**
 * The failure of a request. It says nothing new about the operation.
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
 * The failure of an operation. It is final: reading the operation again gives the same error.
 *
 * @since 0.1.0
 */
export * as OperationError from "./OperationError.js"

/**
 * A started operation as a small JSON value, with which another process can wait for it.
 *
 * @since 0.2.0
 */
export * as OperationHandle from "./OperationHandle.js"

/**
 * The types of a method's operations in one value: of the response and of the metadata, as the annotation
 * `google.longrunning.operation_info` of the API's proto files has them. From a request to a typed result.
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
 * - the methods of `google.longrunning.Operations`: get, list, cancel, delete and wait. A `filter` of a list can be
 *   `done=true` or `done=false`
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
 * The client of an API's long-running operations: read one, wait for it, give every connection back.
 *
 * @since 0.1.0
 */
export * as OperationsService from "./OperationsService.js"

/**
 * When to poll again: schedules to give to `wait`, and to compose with Effect's own.
 *
 * Any `Schedule` will do; these are bounded and jittered as polling wants it. Their output is the delay before the next
 * poll. An option out of its range throws a `RangeError`.
 *
 * @since 0.1.0
 */
export * as Polling from "./Polling.js"

/**
 * `google.protobuf.Any` in its JSON form: a message beside the URL of its type. It stays raw until it is unpacked.
 *
 * @since 0.1.0
 */
export * as ProtobufAny from "./ProtobufAny.js"

/**
 * The success of an operation whose response is not of the expected type.
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
 * The end of a wait whose operation was still running.
 *
 * @since 0.1.0
 */
export * as WaitTimeoutError from "./WaitTimeoutError.js"
