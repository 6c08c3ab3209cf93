/**
 * Decodes operations that have a state field: Compute Engine, Cloud SQL and GKE operations, and BigQuery jobs.
 */
import * as Either from "effect/Either"
import { isRecord } from "effect/Predicate"
import * as Code from "../../Code.js"
import * as ErrorDetails from "../../ErrorDetails.js"
import * as Operation from "../../Operation.js"
import type * as ProtobufAny from "../../ProtobufAny.js"
import * as Status from "../../Status.js"
import { type Asked, inAnotherDialect, notAnObject, type Raw } from "./evidence.js"
import { lastSegment, matches, nameInLink, quote } from "./names.js"

/**
 * Describes how an API represents operations.
 *
 * @internal
 */
export interface Form {
  /** The dialect name. */
  readonly dialect: string
  /** The full message name. It becomes the type of the metadata and the response. */
  readonly type: string
  /** The states in which an operation is in progress. An operation is done only in the state `DONE`. */
  readonly pending: ReadonlyArray<string>
  readonly state: (raw: Raw) => unknown
  /** Returns the operation ID, which is the final segment of the name. */
  readonly id: (raw: Raw) => unknown
  /** Returns the operation name, if the operation contains it. */
  readonly ownName: (raw: Raw) => string | undefined
  /** Returns the error of a failed operation. If the error cannot be decoded, returns a `Left` with the reason. */
  readonly failure: (raw: Raw) => Either.Either<Status.Status | undefined, string>
}

const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null

const text = (value: unknown): string => typeof value === "string" ? value : ""

const number = (value: unknown): string | undefined =>
  typeof value === "number" || typeof value === "string" ? String(value) : undefined

const records = (value: unknown): ReadonlyArray<Raw> => Array.isArray(value) ? value.filter(isRecord) : []

// Returns the requested name if the response contains a matching ID. Otherwise, returns the name in the response.
const nameOf = (form: Form, raw: Raw, id: string, asked: Asked): string | undefined => {
  if (asked.name !== undefined) {
    const last = lastSegment(asked.name)
    // Compute Engine accepts the numeric ID of an operation instead of its name.
    if (last !== "" && (id === last || number(raw["id"]) === last)) return asked.name
    // If the response contains no ID, its kind and state show that it is an operation.
    if (id === "" && typeof raw["kind"] === "string" && typeof form.state(raw) === "string") return asked.name
  }
  return [form.ownName(raw), id].find((name) => name !== undefined && name !== "" && matches(asked.operationName, name))
}

// Explains why an object without a name is not an operation.
const nameless = (raw: Raw, id: string, state: string | null | undefined, asked: Asked): string => {
  if (isAbsent(state) && isRecord(raw["error"])) {
    return "it is an error without an operation: it has neither a state nor a name"
  }
  if (id === "") return "it has no name"
  return asked.name === undefined
    ? `it has the id ${quote(id)}, but not the full name of an operation of this API`
    : `its id ${quote(id)} is not the id of the requested operation, and it has no link to an operation of this API`
}

/** @internal */
export const decodeState =
  (form: Form) => (json: unknown, asked: Asked): Either.Either<Operation.Operation, string> => {
    if (!isRecord(json)) return Either.left(notAnObject)
    const other = inAnotherDialect(form.dialect, json)
    if (other !== undefined) return Either.left(other)
    const ownId = form.id(json)
    if (!isAbsent(ownId) && typeof ownId !== "string") return Either.left("its name must be a string")
    const state = form.state(json)
    if (!isAbsent(state) && typeof state !== "string") return Either.left("its state must be a string")
    const id = text(ownId)
    const name = nameOf(form, json, id, asked)
    const metadata = { ...json, "@type": `type.googleapis.com/${form.type}` }
    if (state === "DONE") {
      // Without a name, the kind or operation type shows that the object is an operation. The kind matches this
      // dialect, because operations in other dialects have already been rejected.
      if (name === undefined && typeof json["kind"] !== "string" && typeof json["operationType"] !== "string") {
        return Either.left(nameless(json, id, state, asked))
      }
      const fields = { name: name ?? id, metadata }
      return Either.map(form.failure(json), (error) =>
        error === undefined
          ? Operation.succeeded({ ...fields, response: metadata })
          : Operation.failed({ ...fields, error }))
    }
    if (name === undefined) return Either.left(nameless(json, id, state, asked))
    if (!isAbsent(state) && !form.pending.includes(state)) {
      return Either.left(
        `its state ${quote(state)} is unknown; the known states are ${form.pending.join(", ")} and DONE`
      )
    }
    // Until the operation is done, an error that cannot be decoded is ignored.
    const error = Either.getOrUndefined(form.failure(json))
    return Either.right(Operation.pending({ name, metadata, ...(error === undefined ? undefined : { error }) }))
  }

/** @internal */
export const linkedName = (raw: Raw): string | undefined => nameInLink(raw["selfLink"])

// Maps an API's error codes to google.rpc.Code.
type Codes = ReadonlyMap<string, Code.Code>

const codeOf = (codes: Codes, own: string, httpStatus: number | undefined): number =>
  Code.toNumber(
    codes.get(own) ?? (Code.isCode(own) && own !== "OK"
      ? own
      : httpStatus === undefined
      ? "UNKNOWN"
      : Code.fromHttpStatus(httpStatus))
  )

const reasonOf = (domain: string, reason: string, about: Raw): ErrorDetails.ErrorInfo => {
  const metadata: Record<string, string> = {}
  for (const key of ["location", "message"]) {
    if (text(about[key]) !== "") metadata[key] = text(about[key])
  }
  return { _tag: "ErrorInfo", reason, domain, metadata }
}

type Detail = ErrorDetails.ErrorDetail | ProtobufAny.ProtobufAny

const detail = (type: string, fields: Raw): Detail =>
  ErrorDetails.fromAny({ ...fields, "@type": `type.googleapis.com/google.rpc.${type}` })

// Compute Engine's `errorDetails` entries for standard messages, by the field that contains the message.
const standardDetails: { readonly [field: string]: (fields: Raw, message: string) => Detail } = {
  errorInfo: (info) => detail("ErrorInfo", { ...info, metadata: info["metadatas"] ?? info["metadata"] }),
  quotaInfo: (info, message) =>
    detail("QuotaFailure", {
      violations: [{
        description: message,
        quotaMetric: info["metricName"],
        quotaId: info["limitName"],
        quotaDimensions: info["dimensions"],
        quotaValue: number(info["limit"]),
        futureQuotaValue: number(info["futureLimit"])
      }]
    }),
  help: (help) => detail("Help", help),
  localizedMessage: (localized) => detail("LocalizedMessage", localized)
}

const errorDetails = (raw: Raw, message: string): ReadonlyArray<Detail> =>
  Object.entries(raw).map(([field, value]) =>
    isRecord(value) && Object.hasOwn(standardDetails, field)
      ? standardDetails[field]!(value, message)
      : { value: { [field]: value } }
  )

/**
 * Decodes a Compute Engine or Cloud SQL operation error: the first item in `error.errors`, combined with the
 * operation's HTTP status and message.
 *
 * @internal
 */
export const errorsFailure =
  (domain: string, codes: Codes) => (raw: Raw): Either.Either<Status.Status | undefined, string> => {
    const { error, httpErrorMessage, httpErrorStatusCode } = raw
    if (!isAbsent(error) && !isRecord(error)) return Either.left("\"error\" must be an object")
    const httpStatus = typeof httpErrorStatusCode === "number" && httpErrorStatusCode >= 400
      ? httpErrorStatusCode
      : undefined
    const httpMessage = text(httpErrorMessage)
    if (isAbsent(error) && httpStatus === undefined && httpMessage === "") return Either.right(undefined)
    const errors = records(error?.["errors"])
    const own = text(errors[0]?.["code"])
    const code = codeOf(codes, own, httpStatus)
    return Either.right(
      new Status.Status({
        code,
        message: [text(errors[0]?.["message"]), httpMessage, own].find((message) => message !== "") ??
          Code.fromNumber(code),
        details: errors.flatMap((item) => [
          ...(text(item["code"]) === "" ? [] : [reasonOf(domain, text(item["code"]), item)]),
          ...records(item["errorDetails"]).flatMap((raw) => errorDetails(raw, text(item["message"])))
        ])
      })
    )
  }

/**
 * Decodes a GKE operation error: a `google.rpc.Status`, or the `statusMessage` that older servers send.
 *
 * @internal
 */
export const statusFailure = (raw: Raw): Either.Either<Status.Status | undefined, string> => {
  if (!isAbsent(raw["error"])) {
    return Either.mapLeft(Status.fromJson(raw["error"]), (problem) => `"error" is not a google.rpc.Status: ${problem}`)
  }
  const message = text(raw["statusMessage"])
  return Either.right(
    message === "" ? undefined : new Status.Status({ code: Code.toNumber("UNKNOWN"), message })
  )
}

/**
 * Decodes a BigQuery job error, `errorResult`. The job's `errors` become details. A job without an `errorResult` has
 * not failed.
 *
 * @internal
 */
export const jobFailure =
  (domain: string, codes: Codes) => (raw: Raw): Either.Either<Status.Status | undefined, string> => {
    const { errorResult, errors } = isRecord(raw["status"]) ? raw["status"] : raw
    if (isAbsent(errorResult)) return Either.right(undefined)
    if (!isRecord(errorResult)) return Either.left("\"errorResult\" must be an object")
    const reason = text(errorResult["reason"])
    const isSame = (item: Raw) => ["reason", "location", "message"].every((field) => item[field] === errorResult[field])
    const code = codeOf(codes, reason, undefined)
    return Either.right(
      new Status.Status({
        code,
        message: [text(errorResult["message"]), reason].find((message) => message !== "") ?? Code.fromNumber(code),
        details: [errorResult, ...records(errors).filter((item) => !isSame(item))]
          .filter((item) => text(item["reason"]) !== "")
          .map((item) => reasonOf(domain, text(item["reason"]), item))
      })
    )
  }
