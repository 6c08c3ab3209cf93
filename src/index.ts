/**
 * The canonical status codes of `google.rpc.Code`, by name and by number, and how they relate to HTTP statuses.
 *
 * @since 0.1.0
 */
export * as Code from "./Code.js"

/**
 * How requests are authorised.
 *
 * @since 0.1.0
 */
export * as Credentials from "./Credentials.js"

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
 * What a method's operations give: the types of the response and of the metadata in one value, as the annotation
 * `google.longrunning.operation_info` of the API's proto files has them.
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
 * The end of a wait whose operation was still running.
 *
 * @since 0.1.0
 */
export * as WaitTimeoutError from "./WaitTimeoutError.js"
