/**
 * `google.longrunning.Operation`: the state of work that a Google API continues after it has responded.
 *
 * @since 0.1.0
 * @module
 */
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import type { ParseError } from "effect/ParseResult"
import { isRecord } from "effect/Predicate"
import * as Schema from "effect/Schema"
import { fromFunctions, mismatch } from "./internal/parsing.js"
import type * as ProtobufAny from "./ProtobufAny.js"
import * as Status from "./Status.js"

interface Fields {
  /**
   * The relative resource name, such as `operations/accessPolicies/1/create/1700000000000001`. The name of some
   * finished operations is empty (`""`).
   */
  readonly name: string
  /** Information such as the progress, the target and timestamps. Each API uses its own type. */
  readonly metadata?: ProtobufAny.ProtobufAny | undefined
  /**
   * The response of the method that started the operation. The response is final only in a {@link Succeeded} operation.
   */
  readonly response?: ProtobufAny.ProtobufAny | undefined
}

/**
 * An operation in progress. The server can send a `response` or an `error` before the operation is done. These values
 * are not final.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pending extends Fields {
  readonly _tag: "Pending"
  /** The operation is in progress. */
  readonly done: false
  /** An error that the server sent before the operation was done. It is not final. */
  readonly error?: Status.Status | undefined
}

/**
 * An operation that is done and succeeded. The `response` is absent if the method returns nothing. Some APIs omit the
 * `response` even if the method declares one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Succeeded extends Fields {
  readonly _tag: "Succeeded"
  /** The operation is done. */
  readonly done: true
  /** Always absent. */
  readonly error?: undefined
}

/**
 * An operation that is done and failed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failed extends Fields {
  readonly _tag: "Failed"
  /** The operation is done. */
  readonly done: true
  /** The error with which the operation failed. */
  readonly error: Status.Status
}

/**
 * A long-running operation. Its `_tag` is its state: `Pending`, `Succeeded` or `Failed`.
 *
 * Source: `google/longrunning/operations.proto`; AIP-151.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = Pending | Succeeded | Failed

/**
 * Checks whether a value is an {@link Operation}. To read an API's JSON, use {@link fromJson}.
 *
 * @since 0.1.0
 * @category guards
 */
export const isOperation = (u: unknown): u is Operation => {
  if (!isRecord(u) || typeof u["name"] !== "string") return false
  if (![u["metadata"], u["response"]].every((any) => any === undefined || isRecord(any))) return false
  const { _tag, done, error } = u
  return error === undefined
    ? (_tag === "Pending" && done === false) || (_tag === "Succeeded" && done === true)
    : Status.isStatus(error) && ((_tag === "Pending" && done === false) || (_tag === "Failed" && done === true))
}

/**
 * Checks whether an operation is in progress.
 *
 * @since 0.1.0
 * @category guards
 */
export const isPending = (self: Operation): self is Pending => self._tag === "Pending"

/**
 * Checks whether an operation succeeded.
 *
 * @since 0.1.0
 * @category guards
 */
export const isSucceeded = (self: Operation): self is Succeeded => self._tag === "Succeeded"

/**
 * Checks whether an operation failed.
 *
 * @since 0.1.0
 * @category guards
 */
export const isFailed = (self: Operation): self is Failed => self._tag === "Failed"

/**
 * Handles each state of an operation.
 *
 * @since 0.1.0
 * @category pattern matching
 * @example
 * ```ts
 * import * as Operation from "effect-google-operations/Operation"
 *
 * const describe = Operation.match({
 *   onPending: (operation) => `${operation.name} is in progress`,
 *   onSucceeded: (operation) => `${operation.name} is done`,
 *   onFailed: (operation) => `${operation.name} failed: ${operation.error.message}`
 * })
 * ```
 */
export const match: {
  /** Handles each state of an operation. */
  <A, B, C>(cases: {
    readonly onPending: (operation: Pending) => A
    readonly onSucceeded: (operation: Succeeded) => B
    readonly onFailed: (operation: Failed) => C
  }): (self: Operation) => A | B | C
  /** Handles each state of an operation. */
  <A, B, C>(
    self: Operation,
    cases: {
      readonly onPending: (operation: Pending) => A
      readonly onSucceeded: (operation: Succeeded) => B
      readonly onFailed: (operation: Failed) => C
    }
  ): A | B | C
} = dual(2, <A, B, C>(
  self: Operation,
  cases: {
    readonly onPending: (operation: Pending) => A
    readonly onSucceeded: (operation: Succeeded) => B
    readonly onFailed: (operation: Failed) => C
  }
): A | B | C => {
  switch (self._tag) {
    case "Pending":
      return cases.onPending(self)
    case "Succeeded":
      return cases.onSucceeded(self)
    case "Failed":
      return cases.onFailed(self)
  }
})

/**
 * Makes a pending operation, for example for a test.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as Operation from "effect-google-operations/Operation"
 * import * as ProtobufAny from "effect-google-operations/ProtobufAny"
 *
 * const operation = Operation.pending({
 *   name: "operations/a",
 *   metadata: ProtobufAny.pack("example.Progress", { percent: 40 })
 * })
 *
 * console.log(operation.done) // false
 * ```
 */
export const pending = (fields: Omit<Pending, "_tag" | "done">): Pending => ({
  _tag: "Pending",
  ...fields,
  done: false
})

/**
 * Makes a succeeded operation, for example for a test.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as Operation from "effect-google-operations/Operation"
 * import * as OperationsService from "effect-google-operations/OperationsService"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const layer = Layer.mock(OperationsService.OperationsService, {
 *   wait: () => Effect.succeed(Operation.succeeded({ name: "operations/a" }))
 * })
 * ```
 */
export const succeeded = (fields: Omit<Succeeded, "_tag" | "done">): Succeeded => ({
  _tag: "Succeeded",
  ...fields,
  done: true
})

/**
 * Makes a failed operation, for example for a test.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * ```ts
 * import * as Operation from "effect-google-operations/Operation"
 * import * as OperationError from "effect-google-operations/OperationError"
 * import * as Status from "effect-google-operations/Status"
 *
 * const operation = Operation.failed({
 *   name: "operations/a",
 *   error: new Status.Status({ code: 9, message: "The access level is in use." })
 * })
 * const error = new OperationError.OperationError({ operation })
 *
 * console.log(error.code) // "FAILED_PRECONDITION"
 * ```
 */
export const failed = (fields: Omit<Failed, "_tag" | "done">): Failed => ({ _tag: "Failed", ...fields, done: true })

const operationFields = ["name", "metadata", "done", "error", "response"] as const

/**
 * Reads an operation from JSON. A `Left` contains a description of the problem.
 *
 * @internal
 */
export const read = (json: unknown): Either.Either<Operation, string> => {
  if (!isRecord(json)) return Either.left("an operation must be an object")
  const { done, error, metadata, name, response } = json
  if (name !== undefined && name !== null && typeof name !== "string") return Either.left("\"name\" must be a string")
  if (done !== undefined && done !== null && typeof done !== "boolean") return Either.left("\"done\" must be a boolean")
  const fields: { name: string; metadata?: ProtobufAny.ProtobufAny; response?: ProtobufAny.ProtobufAny } = {
    name: name ?? ""
  }
  if (isRecord(metadata)) fields.metadata = metadata
  else if (metadata !== undefined && metadata !== null) return Either.left("\"metadata\" must be a message")
  if (isRecord(response)) fields.response = response
  else if (response !== undefined && response !== null) return Either.left("\"response\" must be a message")
  if (error !== undefined && error !== null) {
    return Either.mapBoth(Status.read(error), {
      onLeft: (problem) => `"error" is not a google.rpc.Status: ${problem}`,
      onRight: (status) => done ? failed({ ...fields, error: status }) : pending({ ...fields, error: status })
    })
  }
  if (done) return Either.right(succeeded(fields))
  return operationFields.some((field) => field in json)
    ? Either.right(pending(fields))
    : Either.left(`it has none of an operation's fields (${operationFields.join(", ")})`)
}

/**
 * Reads an operation from JSON.
 *
 * - An absent or `null` field takes its default value.
 * - Unknown fields are ignored.
 * - `metadata` and `response` are not decoded.
 * - If a done operation contains both `error` and `response`, it is `Failed`.
 * - An object that contains no operation field is rejected. Otherwise, a response from another endpoint would be
 *   decoded as a pending operation.
 *
 * @since 0.1.0
 * @category decoding
 * @example
 * ```ts
 * import * as Operation from "effect-google-operations/Operation"
 * import * as Either from "effect/Either"
 *
 * const describe = (json: unknown) =>
 *   Either.match(Operation.fromJson(json), {
 *     onLeft: (error) => `not an operation: ${error.message}`,
 *     onRight: (operation) => operation._tag
 *   })
 *
 * console.log(describe({ name: "operations/a", done: true })) // "Succeeded"
 * console.log(describe({ done: "yes" })) // "not an operation: \"done\" must be a boolean"
 * ```
 */
export const fromJson = (json: unknown): Either.Either<Operation, ParseError> =>
  Either.mapLeft(read(json), (problem) => mismatch(OperationFromSelf, json, problem))

/**
 * Writes an operation as JSON, as an API would send it.
 *
 * @since 0.1.0
 * @category encoding
 * @example
 * ```ts
 * import * as Operation from "effect-google-operations/Operation"
 *
 * const operation = Operation.pending({ name: "operations/a" })
 *
 * console.log(Operation.toJson(operation)) // { name: "operations/a", done: false }
 * ```
 */
export const toJson = (self: Operation): { [field: string]: unknown } => {
  const json: { [field: string]: unknown } = { name: self.name, done: self.done }
  if (self.metadata !== undefined) json["metadata"] = self.metadata
  if (self.error !== undefined) json["error"] = Status.toJson(self.error)
  if (self.response !== undefined) json["response"] = self.response
  return json
}

const OperationFromSelf: Schema.Schema<Operation> = Schema.declare(isOperation, {
  identifier: "Operation",
  arbitrary: () => (fc) =>
    fc.record({ name: fc.string(), end: fc.option(fc.integer({ min: 0, max: 16 })) }).map(({ end, name }) =>
      end === null
        ? pending({ name })
        : end === 0
        ? succeeded({ name })
        : failed({ name, error: new Status.Status({ code: end, message: "it failed" }) })
    )
})

/**
 * The schema for operations in one state.
 *
 * @internal
 */
export const inState = <A extends Operation>(
  state: A["_tag"],
  is: (operation: Operation) => operation is A
): Schema.Schema<A, unknown> =>
  fromFunctions(
    Schema.Unknown,
    Schema.declare((u): u is A => isOperation(u) && is(u), { identifier: state }),
    {
      decode: (json) =>
        Either.filterOrLeft(read(json), is, ({ _tag }) => `Expected a ${state} operation, actual ${_tag}`),
      encode: toJson
    }
  )

/**
 * The schema for operations. It decodes an API's JSON to an {@link Operation} as {@link fromJson} does, and encodes an
 * operation as {@link toJson} does.
 *
 * @since 0.1.0
 * @category schemas
 * @example
 * ```ts
 * import * as Operation from "effect-google-operations/Operation"
 * import * as Schema from "effect/Schema"
 *
 * const operation = Schema.decodeUnknownSync(Operation.OperationFromJson)({ name: "operations/a" })
 *
 * console.log(operation._tag) // "Pending"
 * ```
 */
export const OperationFromJson: Schema.Schema<Operation, unknown> = fromFunctions(Schema.Unknown, OperationFromSelf, {
  decode: read,
  encode: toJson
})
