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
 * The ten standard messages that say more about an error (`google/rpc/error_details.proto`): decoded where they are well
 * formed, kept raw where they are not.
 *
 * On the wire every field is optional; an absent or `null` field reads as its proto3 default (`""`, `[]`, `{}`), as
 * ProtoJSON has it. Numbers of 64 bits stay strings, so that none loses precision and all survive `JSON.stringify`.
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
 * The exchange with the server failed, so nothing new is known of the operation.
 *
 * @since 0.1.0
 */
export * as HttpError from "./HttpError.js"

/**
 * `google.longrunning.Operation`: what a Google API tells of a call that goes on after it has answered.
 *
 * @since 0.1.0
 */
export * as Operation from "./Operation.js"

/**
 * The operation has ended with an error: the server's verdict, which no retry of a poll will change.
 *
 * @since 0.1.0
 */
export * as OperationError from "./OperationError.js"

/**
 * A started operation as a small JSON value: stop here, go on elsewhere.
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
 * `google.protobuf.Any` in its JSON form: a message beside the URL of its type. It stays raw until someone asks for it.
 *
 * @since 0.1.0
 */
export * as ProtobufAny from "./ProtobufAny.js"

/**
 * The operation succeeded, and its response is not what the caller's types say. Nothing is lost: the raw response is kept.
 *
 * @since 0.2.0
 */
export * as ResultError from "./ResultError.js"

/**
 * `google.rpc.Status`: how a Google API says what went wrong.
 *
 * @since 0.1.0
 */
export * as Status from "./Status.js"

/**
 * Scripted operations, for the tests of programs that wait for operations.
 *
 * A script says as data what each poll of an operation answers. The layer provides the {@link OperationsService} that
 * the program asks for: the real client, which talks to the scripts in memory, on the clock of the test. The calls that it
 * made can be looked at afterwards.
 *
 * Scripts are by operation name, which holds `operations/…`, as AIP-151 has it. To try a program against the same scripts
 * over a socket, see `OperationsEmulator`.
 *
 * @since 0.2.0
 */
export * as TestOperations from "./TestOperations.js"

/**
 * This side gave up waiting. The operation may still be running.
 *
 * @since 0.1.0
 */
export * as WaitTimeoutError from "./WaitTimeoutError.js"
