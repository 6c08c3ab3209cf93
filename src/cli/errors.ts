/**
 * Formats errors for users: the failure, the details that the server sent, and a suggestion.
 */
import * as Duration from "effect/Duration"
import type * as ErrorDetails from "../ErrorDetails.js"
import type * as HttpError from "../HttpError.js"
import type * as ProtobufAny from "../ProtobufAny.js"
import type * as Status from "../Status.js"
import type { Failure } from "./outcome.js"
import { plain, singleLine, type Style } from "./text.js"

/** A labeled line that describes part of an error. */
type Entry = readonly [label: string, text: string]

const joined = (separator: string, ...parts: ReadonlyArray<string | undefined>): string =>
  parts.filter((part) => part !== undefined && part !== "").join(separator)

const inParentheses = (...parts: ReadonlyArray<string>): string => {
  const text = joined(", ", ...parts)
  return text === "" ? "" : `(${text})`
}

const pairs = (map: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  Object.entries(map).map(([key, value]) => `${key}=${value}`)

const entriesOf = (detail: ErrorDetails.ErrorDetail | ProtobufAny.ProtobufAny): ReadonlyArray<Entry> => {
  switch (detail._tag) {
    case "ErrorInfo":
      return [
        ["reason", joined(" ", detail.reason, inParentheses(detail.domain))],
        ...pairs(detail.metadata).map((pair): Entry => ["", pair])
      ]
    case "BadRequest":
      return detail.fieldViolations.map(({ description, field, localizedMessage, reason }): Entry => [
        "field",
        joined(" ", joined(": ", field, description || localizedMessage?.message), inParentheses(reason))
      ])
    case "PreconditionFailure":
      return detail.violations.map(({ description, subject, type }): Entry => [
        "precondition",
        joined(" ", joined(": ", subject, description), inParentheses(type))
      ])
    case "QuotaFailure":
      return detail.violations.map((violation): Entry => [
        "quota",
        joined(
          " ",
          joined(": ", violation.subject, violation.description),
          inParentheses(
            violation.quotaMetric,
            violation.quotaId,
            violation.quotaValue === "" ? "" : `limit ${violation.quotaValue}`,
            violation.futureQuotaValue === undefined ? "" : `soon ${violation.futureQuotaValue}`,
            ...pairs(violation.quotaDimensions),
            violation.apiService
          )
        )
      ])
    case "ResourceInfo":
      return [[
        "resource",
        joined(
          " ",
          joined(": ", detail.resourceName, detail.description),
          inParentheses(detail.resourceType, detail.owner === "" ? "" : `owner ${detail.owner}`)
        )
      ]]
    case "RetryInfo":
      return detail.retryDelay === undefined ? [] : [["retry after", Duration.format(detail.retryDelay)]]
    case "LocalizedMessage":
      return [["message", joined(" ", detail.message, inParentheses(detail.locale))]]
    case "Help":
      return detail.links.map(({ description, url }): Entry => ["help", joined(": ", description, url)])
    case "RequestInfo":
      return [["request", joined(" ", detail.requestId, inParentheses(detail.servingData))]]
    case "DebugInfo":
      return [
        ...(detail.detail === "" ? [] : [["debug", detail.detail] as const]),
        ...detail.stackEntries.map((line, index): Entry => [index === 0 ? "stack" : "", line])
      ]
    case undefined:
      return [["detail", JSON.stringify(detail)]]
  }
}

const statusOf = (error: Failure): Status.Status | undefined =>
  error._tag === "WaitTimeoutError" ? error.lastError?.status : error.status

// ---------------------------------------------------------------------------------------------------------------------
// Suggestions
// ---------------------------------------------------------------------------------------------------------------------

// Suggestions by ErrorInfo reason, in the domain googleapis.com (google/api/error_reason.proto).
const byReason: Readonly<Record<string, (metadata: Readonly<Record<string, string>>) => string>> = {
  SERVICE_DISABLED: ({ consumer = "projects/PROJECT", service = "SERVICE" }) =>
    `Enable the API: gcloud services enable ${service} --project=${consumer.replace(/^projects\//, "")}`,
  USER_PROJECT_DENIED: () =>
    "Set --quota-project to a project that you may use, or request the role roles/serviceusage.serviceUsageConsumer.",
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: () =>
    "The access token lacks a scope. Use a token with the scope https://www.googleapis.com/auth/cloud-platform.",
  IAM_PERMISSION_DENIED: ({ permission = "the permission", resource = "the resource" }) =>
    `Request a role that has ${permission} on ${resource}.`,
  BILLING_DISABLED: ({ consumer = "the project" }) => `Enable billing for ${consumer}.`,
  ACCOUNT_STATE_INVALID: () => "The account of the credentials is disabled or deleted. Use other credentials."
}

const byCode: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: "The access token may have expired. Get a new token, or use Application Default Credentials: " +
    "gcloud auth application-default login",
  PERMISSION_DENIED: "Check that the account may read this operation, and check --quota-project.",
  NOT_FOUND:
    "Check the name, the API, its version and its location. Google deletes an operation some time after its end, " +
    "often after 30 days.",
  UNIMPLEMENTED: "The API does not have this method for its operations.",
  RESOURCE_EXHAUSTED: "Wait and try again, poll less often with --interval, or request more quota."
}

const hintForHttp = (error: HttpError.HttpError): string | undefined => {
  switch (error.reason) {
    case "Authentication":
      return "For other credentials, use --access-token-file, GOOGLE_ACCESS_TOKEN or --gcloud. For an emulator, use --anonymous."
    case "Transport":
      return "Check the network, the proxy (HTTPS_PROXY) and --base-url."
    case "Timeout":
      return "Check the network and the proxy, and try again."
    case "Decode":
      return "Check the version of the API and the format of its operations (--dialect)."
    case "StatusCode": {
      const reason = error.status?.errorInfo
      return (reason === undefined ? undefined : byReason[reason.reason]?.(reason.metadata)) ??
        (error.code === undefined ? undefined : byCode[error.code])
    }
    case "InvalidRequest":
    case "Closed":
      return undefined
  }
}

/** Suggests what to do after a failure, in one sentence. */
export const hint = (error: Failure): string | undefined => {
  switch (error._tag) {
    case "HttpError":
      return hintForHttp(error)
    case "OperationError": {
      const reason = error.status.errorInfo
      if (error.code === "CANCELLED") {
        return "The operation was cancelled. If this was a mistake, start the operation again."
      }
      return (reason === undefined ? undefined : byReason[reason.reason]?.(reason.metadata)) ??
        (error.code === "RESOURCE_EXHAUSTED"
          ? "Request more quota or free resources, and start the operation again."
          : undefined)
    }
    case "WaitTimeoutError":
      return undefined
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Text
// ---------------------------------------------------------------------------------------------------------------------

const labelWidth = 14

// The maximum length of an unexpected response body to show, such as a proxy's error page.
const longestBody = 300

const cut = (text: string, length: number): string => text.length > length ? `${text.slice(0, length)}…` : text

const block = (entries: ReadonlyArray<Entry>, style: Style): ReadonlyArray<string> =>
  entries.map(([label, text]) => `  ${style.dim(label.padEnd(labelWidth))}${singleLine(text)}`)

/**
 * Formats a failure as lines: a first line with the code and message, then one line for each detail, and one line with
 * a suggestion.
 */
export const failureLines = (error: Failure, style: Style = plain): ReadonlyArray<string> => {
  const details = (statusOf(error)?.details ?? []).flatMap(entriesOf)
  // If the response contains a Google error, the message and the details already show the content of the body.
  const body = error._tag === "HttpError" && error.status === undefined ? error.body?.trim() ?? "" : ""
  const cancelError = error._tag === "WaitTimeoutError" ? error.cancelError : undefined
  const advice = hint(error)
  return [
    `${style.red("error:")} ${singleLine(error.message)}`,
    ...block(details, style),
    ...block(body === "" ? [] : [["body", cut(body, longestBody)]], style),
    ...block(
      cancelError === undefined
        ? []
        : [["cancel", `The request to cancel the operation failed. ${cancelError.message}`]],
      style
    ),
    ...block(advice === undefined ? [] : [["try", advice]], style)
  ]
}

/** Formats a usage error as one line. */
export const usageLine = (
  { command, message }: { readonly message: string; readonly command?: string | undefined },
  invocation: string,
  style: Style = plain
): string =>
  `${style.red("error:")} ${singleLine(message)}${/[.?!]$/.test(message) ? "" : "."} ` +
  `See ${invocation} ${command === undefined ? "--help" : `${command} --help`}`
