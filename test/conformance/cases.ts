/**
 * What a client of long-running operations must do, as plain data: scripts of a server, calls of a client, and what is to
 * be seen of both. Nothing here knows a client.
 */
import type { Methods, Step } from "effect-google-operations/OperationsEmulator"
import type { Outcome, Settings, Wait } from "./client.js"

/** What an outcome must hold: every key that is here. */
interface Expected extends Partial<Omit<Outcome, "end" | "message">> {
  /** As in `Outcome`; `"aborted"` when the caller did not let it come to an end. */
  readonly end: Outcome["end"] | "aborted"
  /** When, in milliseconds. */
  readonly at?: number
  /** What the error's message must hold, in any case of letters. */
  readonly says?: ReadonlyArray<string>
}

/** One call of the client, and how it must end. */
export interface Call extends Partial<Omit<Wait, "from">> {
  /** Default: the name. The ticket is the one that was saved at the time 0. */
  readonly from?: "name" | "ticket" | { readonly operation: unknown }
  /** When the call is made. Default: 0. */
  readonly startAt?: number
  /** When the caller aborts it. */
  readonly abortAt?: number
  /** Whether another client makes the call, as if in another process. */
  readonly elsewhere?: boolean
  readonly expect: Expected
}

/** A request that the server must see: when a poll comes, or another method and when that comes. */
export type Request = number | readonly ["wait" | "cancel", number]

/** All times are in milliseconds. */
export interface Case {
  readonly id: string
  readonly shows: string
  /** Default: `operations/x`. */
  readonly name?: string
  /** What each poll answers. */
  readonly script: readonly [Step, ...ReadonlyArray<Step>]
  readonly server?: Methods
  readonly settings?: Settings
  /** A ticket is saved at the time 0, with this limit. */
  readonly save?: { readonly timeout?: number }
  readonly calls: readonly [Call, ...ReadonlyArray<Call>]
  /** All requests, in order: none besides, and none after the end. */
  readonly requests: ReadonlyArray<Request>
  /** The path of every poll, as it is on the wire. */
  readonly path?: string
  /** How many requests are aborted on the way. Default: 0. */
  readonly abortedRequests?: number
  /** How much time passes in all. Default: 10 minutes. */
  readonly horizon?: number
  /**
   * Why it cannot be played over a socket, at a fraction of its time: it counts on exact times, on seconds, or on the failure
   * of a connection that was used before, which a client may make up for.
   */
  readonly inMemoryOnly?: "times" | "seconds" | "connections"
  /** Whether it is about times even so: other clients play it in real time, and the times are compared. */
  readonly timed?: true
}

export const defaultName = "operations/x"
/** The delay between two polls, and after a transient failure, where a call says nothing else. */
export const second = 1_000
const minute = 60 * second
const day = 24 * 60 * minute

// ---------------------------------------------------------------------------------------------------------------------
// Answers
// ---------------------------------------------------------------------------------------------------------------------

const policyType = "google.identity.accesscontextmanager.v1.AccessPolicy"
const emptyType = "google.protobuf.Empty"
const policy = { "@type": `type.googleapis.com/${policyType}`, name: "accessPolicies/1", title: "corp" }
const level = {
  "@type": "type.googleapis.com/google.identity.accesscontextmanager.v1.AccessLevel",
  name: "accessPolicies/1/accessLevels/a"
}
const progress = { "@type": "type.googleapis.com/example.Progress", percent: 10 }
const errorInfo = {
  "@type": "type.googleapis.com/google.rpc.ErrorInfo",
  reason: "LEVEL_IN_USE",
  domain: "accesscontextmanager.googleapis.com",
  metadata: { level: "a" }
}
const unknownDetail = { "@type": "type.googleapis.com/example.Unheard", depth: { of: [1, null, "x"] } }

const pending = { type: "pending" } as const
const succeeded = { type: "succeeded", response: policy } as const
const ok = (body: unknown): Step => ({
  type: "http",
  status: 200,
  headers: { "content-type": "application/json; charset=UTF-8" },
  body: JSON.stringify(body)
})
const pendingAfter = (retryAfter: string): Step => ({ type: "pending", headers: { "retry-after": retryAfter } })
const fault = (
  status: number,
  code?: string,
  more: { readonly details?: ReadonlyArray<unknown>; readonly headers?: Readonly<Record<string, string>> } = {}
): Extract<Step, { readonly type: "http" }> => ({
  type: "http",
  status,
  headers: { "content-type": code === undefined ? "text/html" : "application/json", ...more.headers },
  body: code === undefined
    ? "<!DOCTYPE html><title>Error</title>"
    : JSON.stringify({ error: { code: status, message: `it is ${code}`, status: code, details: more.details ?? [] } })
})
const unavailable = fault(503, "UNAVAILABLE")
const reason = (reason: string) => ({
  details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com" }]
})
const retryInfo = (retryDelay: string) => ({
  details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }]
})
const cut = (at: "beforeHeaders" | "withinHeaders" | "withinBody"): Step => ({ type: "cut", at })
const failed = (
  code: number,
  message = "no",
  details: Extract<Step, { type: "failed" }>["error"]["details"] = []
): Step => ({
  type: "failed",
  error: { code, message, details }
})
const started = { operation: { name: defaultName, metadata: progress } }

const succeeds = { end: "succeeded", response: policy } as const
const seconds = (...times: ReadonlyArray<number>): ReadonlyArray<number> => times.map((time) => time * second)

// ---------------------------------------------------------------------------------------------------------------------
// How operations end
// ---------------------------------------------------------------------------------------------------------------------

const completion: ReadonlyArray<Case> = [
  {
    id: "done-at-first-poll",
    shows: "a name is polled at once, and a done operation never again",
    script: [succeeded],
    calls: [{ expect: { ...succeeds, at: 0 } }],
    requests: [0]
  },
  {
    id: "done-at-second-poll",
    shows: "the second poll comes after the first delay",
    script: [pending, succeeded],
    calls: [{ expect: { ...succeeds, at: second } }],
    requests: seconds(0, 1),
    timed: true
  },
  {
    id: "done-after-many-polls",
    shows: "a wait goes on as long as the operation does",
    script: [{ type: "pending", times: 12 }, succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
  },
  {
    id: "no-limit-unless-given",
    shows: "a wait without a limit outlasts hours",
    script: [{ type: "pending", duration: 120 * minute }, succeeded],
    calls: [{ interval: 30 * minute, expect: succeeds }],
    requests: [0, 30 * minute, 60 * minute, 90 * minute, 120 * minute],
    horizon: 180 * minute,
    inMemoryOnly: "times"
  },
  {
    id: "done-with-nothing",
    shows: "done with neither a response nor an error is a success, not a hang and not an error",
    script: [pending, { type: "succeeded" }],
    calls: [{ expect: { end: "succeeded", response: null } }],
    requests: seconds(0, 1)
  },
  {
    id: "done-with-empty",
    shows: "an Empty is a success",
    script: [{ type: "succeeded", response: { "@type": `type.googleapis.com/${emptyType}` } }],
    calls: [{ result: { response: emptyType }, expect: { end: "succeeded" } }],
    requests: [0]
  },
  {
    id: "empty-method-done-with-nothing",
    shows: "a method that returns Empty succeeds when nothing comes",
    script: [{ type: "succeeded" }],
    calls: [{ result: { response: emptyType }, expect: { end: "succeeded" } }],
    requests: [0]
  },
  {
    id: "known-to-be-done",
    shows: "an operation that was done when it started is not polled",
    script: [failed(13)],
    calls: [{
      from: { operation: { name: defaultName, done: true, response: policy } },
      expect: { ...succeeds, at: 0 }
    }],
    requests: []
  },
  {
    id: "known-to-be-done-with-nothing",
    shows: "an operation that was done with nothing is not polled",
    script: [failed(13)],
    calls: [{ from: { operation: { name: defaultName, done: true } }, expect: { end: "succeeded", response: null } }],
    requests: []
  },
  {
    id: "known-to-be-done-without-name",
    shows: "a validate-only call answers a done operation without a name",
    script: [failed(13)],
    calls: [{ from: { operation: { done: true, response: policy } }, expect: succeeds }],
    requests: []
  },
  {
    id: "known-to-have-failed",
    shows: "an operation that had failed when it started is a failure, at no request",
    script: [succeeded],
    calls: [{
      from: { operation: { name: defaultName, done: true, error: { code: 9, message: "no", details: [errorInfo] } } },
      expect: { end: "failed", code: "FAILED_PRECONDITION", error: { code: 9, message: "no", details: [errorInfo] } }
    }],
    requests: []
  },
  {
    id: "started-operation-waits-first",
    shows: "the starting call's answer counts as the first poll",
    script: [succeeded],
    calls: [{ from: started, expect: { ...succeeds, at: second } }],
    requests: seconds(1),
    timed: true
  },
  {
    id: "response-before-done",
    shows: "only done ends an operation",
    script: [
      ok({ name: defaultName, response: level }),
      ok({ name: defaultName, done: false, response: level }),
      succeeded
    ],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 2)
  },
  {
    id: "error-before-done",
    shows: "an error before done does not end an operation",
    script: [ok({ name: defaultName, error: { code: 14, message: "not yet" } }), succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1)
  },
  {
    id: "both-results",
    shows: "with a response and an error, the error counts",
    script: [ok({ name: defaultName, done: true, response: policy, error: { code: 10, message: "no" } })],
    calls: [{ expect: { end: "failed", code: "ABORTED" } }],
    requests: [0]
  },
  {
    id: "unknown-fields",
    shows: "fields that nobody knows change nothing",
    script: [
      ok({ name: defaultName, state: "RUNNING", expireTime: {}, "": 1 }),
      ok({ name: defaultName, done: true, response: policy, warnings: [1] })
    ],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1)
  },
  {
    id: "null-fields",
    shows: "null is absent",
    script: [
      ok({ name: defaultName, done: null, metadata: null, response: null, error: null }),
      ok({ name: defaultName, done: true, response: policy, error: null, metadata: null })
    ],
    calls: [{ expect: { ...succeeds, metadata: null } }],
    requests: seconds(0, 1)
  },
  {
    id: "unknown-metadata",
    shows: "metadata of an unknown type is kept as it came",
    script: [{ type: "pending", metadata: unknownDetail }, {
      type: "succeeded",
      response: policy,
      metadata: unknownDetail
    }],
    calls: [{ expect: { ...succeeds, metadata: unknownDetail } }],
    requests: seconds(0, 1)
  },
  {
    id: "wrong-metadata",
    shows: "metadata of the wrong type does not cost the result",
    script: [{ type: "pending", metadata: progress }, { type: "succeeded", response: policy, metadata: progress }],
    calls: [{
      result: { response: policyType, metadata: "example.Other" },
      expect: { end: "succeeded", response: { name: "accessPolicies/1", title: "corp" }, metadata: null }
    }],
    requests: seconds(0, 1)
  },
  {
    id: "wrong-type-twice",
    shows: "a response of the wrong type is an error that keeps the response, the second time as well",
    script: [{ type: "succeeded", response: level }],
    calls: [
      { result: { response: policyType }, expect: { end: "wrongResult", response: level, says: ["AccessLevel"] } },
      {
        startAt: 5 * second,
        result: { response: policyType },
        expect: { end: "wrongResult", response: level, says: ["AccessLevel"] }
      }
    ],
    requests: seconds(0, 5)
  },
  {
    id: "known-to-be-done-wrong-type",
    shows: "a wrong type is an error for an operation that was done when it started, too",
    script: [failed(13)],
    calls: [{
      from: { operation: { name: defaultName, done: true, response: level } },
      result: { response: policyType },
      expect: { end: "wrongResult", response: level }
    }],
    requests: []
  },
  {
    id: "result-missing",
    shows: "a method that returns something has no result when nothing comes, and the operation is not called failed",
    script: [{ type: "succeeded" }],
    calls: [{ result: { response: policyType }, expect: { end: "wrongResult", response: null, says: ["succeeded"] } }],
    requests: [0]
  }
]

// ---------------------------------------------------------------------------------------------------------------------
// How operations fail
// ---------------------------------------------------------------------------------------------------------------------

const failure: ReadonlyArray<Case> = [
  {
    id: "error-details",
    shows: "code, message and every detail of the operation's error are kept, also those of unknown types",
    script: [pending, failed(9, "The access level is in use.", [errorInfo, unknownDetail])],
    calls: [{
      expect: {
        end: "failed",
        code: "FAILED_PRECONDITION",
        error: { code: 9, message: "The access level is in use.", details: [errorInfo, unknownDetail] },
        says: [defaultName, "FAILED_PRECONDITION", "The access level is in use."]
      }
    }],
    requests: seconds(0, 1)
  },
  {
    id: "error-metadata",
    shows: "a failed operation keeps its metadata",
    script: [{ type: "failed", error: { code: 8, message: "" }, metadata: progress }],
    calls: [{ expect: { end: "failed", code: "RESOURCE_EXHAUSTED", metadata: progress } }],
    requests: [0]
  },
  {
    id: "error-code-0",
    shows: "an error is a failure, whatever its code",
    script: [pending, failed(0, "odd")],
    calls: [{ expect: { end: "failed", error: { code: 0, message: "odd", details: [] }, says: ["odd"] } }],
    requests: seconds(0, 1)
  },
  {
    id: "error-empty",
    shows: "an error with nothing in it is a failure",
    script: [ok({ name: defaultName, done: true, error: {} })],
    calls: [{ expect: { end: "failed", error: { code: 0, message: "", details: [] } } }],
    requests: [0]
  },
  {
    id: "error-code-unknown",
    shows: "a code that nobody knows is readable",
    script: [failed(99)],
    calls: [{
      expect: { end: "failed", code: "UNKNOWN", error: { code: 99, message: "no", details: [] }, says: ["99"] }
    }],
    requests: [0]
  },
  {
    id: "error-unavailable-is-a-verdict",
    shows: "the operation's own UNAVAILABLE is its end, not a poll that failed",
    script: [failed(14), succeeded],
    calls: [{ expect: { end: "failed", code: "UNAVAILABLE" } }],
    requests: [0]
  },
  {
    id: "cancelled-by-the-server",
    shows: "an operation that someone cancels during the wait ends it with CANCELLED",
    script: [{ type: "pending", times: 2 }, failed(1, "Operation was cancelled.")],
    calls: [{ expect: { end: "failed", code: "CANCELLED" } }],
    requests: seconds(0, 1, 2)
  },
  {
    id: "cancelled-at-start",
    shows: "an operation cancelled before the first poll ends the wait with CANCELLED",
    script: [failed(1)],
    calls: [{ from: started, expect: { end: "failed", code: "CANCELLED" } }],
    requests: seconds(1)
  }
]

// ---------------------------------------------------------------------------------------------------------------------
// Names
// ---------------------------------------------------------------------------------------------------------------------

const names: ReadonlyArray<Case> = [
  {
    id: "reply-without-name",
    shows: "the caller's name is polled, also when a reply has none",
    script: [ok({ done: false }), ok({ done: false, metadata: progress }), succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 2),
    path: "/v1/operations/x"
  },
  {
    id: "reply-with-another-name",
    shows: "the caller's name is polled, also when a reply has another",
    script: [ok({ name: "operations/other" }), ok({ name: "", done: false }), succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 2),
    path: "/v1/operations/x"
  },
  {
    id: "reply-without-name-to-a-started-operation",
    shows: "a started operation's name is polled, also when a reply has none",
    script: [ok({ done: false }), succeeded],
    calls: [{ from: started, expect: succeeds }],
    requests: seconds(1, 2),
    path: "/v1/operations/x"
  },
  {
    id: "name-with-slashes",
    shows: "a name of many segments stays one of many segments",
    name: "operations/accessPolicies/1/create/1700000000000001",
    script: [pending, succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1),
    path: "/v1/operations/accessPolicies/1/create/1700000000000001"
  },
  {
    id: "name-with-reserved-characters",
    shows: "reserved characters are percent-encoded, so that no part of a name becomes a query, a fragment or a verb",
    name: "operations/a b%2Fc/d?e#f:cancel/é+&=",
    script: [pending, succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1),
    path: "/v1/operations/a%20b%252Fc/d%3Fe%23f%3Acancel/%C3%A9%2B%26%3D"
  },
  {
    id: "name-that-climbs",
    shows: "a name that would leave its collection is refused before anything is sent",
    script: [succeeded],
    calls: [
      { name: "operations/../accessPolicies/1", expect: { end: "unreadable", why: "refused" } },
      { name: "/v1/operations/x", expect: { end: "unreadable", why: "refused" } },
      { name: "https://example.com/v1/operations/x", expect: { end: "unreadable", why: "refused" } },
      { name: "", expect: { end: "unreadable", why: "refused" } }
    ],
    requests: []
  },
  {
    id: "pending-without-name",
    shows: "a pending operation without a name is refused, for there is nothing to poll",
    script: [succeeded],
    calls: [{ from: { operation: { done: false } }, expect: { end: "unreadable", why: "refused" } }],
    requests: []
  }
]

// ---------------------------------------------------------------------------------------------------------------------
// Polls that fail
// ---------------------------------------------------------------------------------------------------------------------

const polls: ReadonlyArray<Case> = [
  {
    id: "first-poll-503",
    shows: "a 503 as the very first answer does not end a wait",
    script: [unavailable, succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1)
  },
  {
    id: "first-poll-503-of-a-proxy",
    shows: "a 503 that is no Google error does not end a wait",
    script: [fault(503), succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1)
  },
  {
    id: "transient-statuses",
    shows: "408, 429, 500, 502, 503 and 504 are put up with",
    script: [
      fault(408),
      fault(429, "RESOURCE_EXHAUSTED"),
      fault(500, "INTERNAL"),
      fault(502),
      unavailable,
      fault(504, "DEADLINE_EXCEEDED"),
      succeeded
    ],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 2, 3, 4, 5, 6)
  },
  {
    id: "connection-lost",
    shows: "a connection that breaks off is put up with, wherever it does",
    script: [cut("beforeHeaders"), cut("withinHeaders"), cut("withinBody"), pending, cut("withinBody"), succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 2, 3, 4, 5)
  },
  {
    id: "no-answer-in-time",
    shows: "an answer that does not come in time is put up with, and its request is ended",
    script: [pending, { type: "pending", delay: 60 * minute }, succeeded],
    settings: { requestTimeout: 15 * second },
    calls: [{ expect: { ...succeeds, at: 17 * second } }],
    requests: seconds(0, 1, 17),
    abortedRequests: 1
  },
  {
    id: "rate-limit-429",
    shows: "429 with RetryInfo waits as long as it says, and goes on",
    script: [fault(429, "RESOURCE_EXHAUSTED", retryInfo("7.5s")), pending, succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 7.5, 8.5),
    inMemoryOnly: "seconds"
  },
  {
    id: "rate-limit-403",
    shows: "a 403 that means a rate limit is put up with",
    script: [
      fault(403, "PERMISSION_DENIED", reason("RATE_LIMIT_EXCEEDED")),
      fault(403, "PERMISSION_DENIED", reason("CONCURRENT_OPERATIONS_QUOTA_EXCEEDED")),
      succeeded
    ],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 2)
  },
  {
    id: "request-cancelled-or-aborted",
    shows: "CANCELLED and ABORTED of the request say nothing of the operation, and do not end a wait",
    script: [fault(499, "CANCELLED"), fault(409, "ABORTED"), pending, fault(499, "CANCELLED"), succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 2, 3, 4)
  },
  {
    id: "quota-used-up",
    shows: "a quota that is used up does not come back, so the wait ends at once",
    script: [fault(429, "RESOURCE_EXHAUSTED", reason("RESOURCE_QUOTA_EXCEEDED")), succeeded],
    calls: [{ expect: { end: "unreadable", why: "status", httpStatus: 429, code: "RESOURCE_EXHAUSTED" } }],
    requests: [0]
  },
  {
    id: "permission-denied",
    shows: "a 403 of any other kind ends the wait at once, with the server's words",
    script: [pending, fault(403, "PERMISSION_DENIED"), succeeded],
    calls: [{
      expect: { end: "unreadable", httpStatus: 403, code: "PERMISSION_DENIED", says: ["it is PERMISSION_DENIED"] }
    }],
    requests: seconds(0, 1)
  },
  {
    id: "bad-request",
    shows: "a 400 ends the wait at once",
    script: [fault(400, "INVALID_ARGUMENT"), succeeded],
    calls: [{ expect: { end: "unreadable", httpStatus: 400, code: "INVALID_ARGUMENT" } }],
    requests: [0]
  },
  {
    id: "failures-in-a-row",
    shows: "the caller says how many failures in a row are put up with; then the wait ends with the last of them",
    script: [pending, { ...unavailable, times: 9 }],
    calls: [{
      retries: 3,
      expect: { end: "unreadable", why: "status", httpStatus: 503, code: "UNAVAILABLE", at: 4 * second }
    }],
    requests: seconds(0, 1, 2, 3, 4)
  },
  {
    id: "failures-not-in-a-row",
    shows: "an answer between failures begins their count anew",
    script: [unavailable, unavailable, pending, unavailable, unavailable, pending, unavailable, succeeded],
    calls: [{ retries: 2, expect: succeeds }],
    requests: seconds(0, 1, 2, 3, 4, 5, 6, 7)
  },
  {
    id: "failure-is-no-verdict",
    shows: "a wait that failed on the way leaves nothing behind: the next one succeeds",
    script: [pending, cut("withinBody"), fault(403, "PERMISSION_DENIED"), succeeded],
    calls: [
      { retries: 0, expect: { end: "unreadable", why: "transport", at: second } },
      { startAt: 5 * second, expect: { end: "unreadable", why: "status", httpStatus: 403 } },
      { startAt: 9 * second, expect: succeeds }
    ],
    requests: seconds(0, 1, 5, 9),
    inMemoryOnly: "connections"
  },
  {
    id: "body-not-json",
    shows: "a 200 that is not JSON is not polled for ever",
    script: [{ type: "http", status: 200, body: "<html>Sign in</html>", times: 99 }, succeeded],
    calls: [{ expect: { end: "unreadable", why: "body", httpStatus: 200 } }],
    requests: [0]
  },
  {
    id: "answers-from-elsewhere",
    shows: "once the operation was read, HTML, an empty or cut body and a redirect do not end a wait",
    script: [
      pending,
      { type: "http", status: 200, body: "<html>Sign in</html>" },
      { type: "http", status: 204 },
      { type: "http", status: 200, headers: { "content-type": "application/json" }, body: `{"name": "operat` },
      { type: "http", status: 302, headers: { location: "/v1/operations/other" } },
      pending,
      succeeded
    ],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 2, 3, 4, 5, 6)
  },
  {
    id: "answers-from-elsewhere-before-the-first",
    shows: "HTML before the operation was read ends a wait, also after a transient failure",
    script: [unavailable, { type: "http", status: 200, body: "<html>Sign in</html>" }, succeeded],
    calls: [{ expect: { end: "unreadable", why: "body", httpStatus: 200 } }],
    requests: seconds(0, 1)
  },
  {
    id: "answers-from-elsewhere-bounded",
    shows: "HTML after the operation was read counts as any failure: the caller says how many in a row are tolerated",
    script: [pending, { type: "http", status: 200, body: "<html>Sign in</html>", times: 99 }],
    calls: [{ retries: 3, expect: { end: "unreadable", why: "body", httpStatus: 200, at: 4 * second } }],
    requests: seconds(0, 1, 2, 3, 4)
  },
  {
    id: "json-but-no-operation-once-seen",
    shows: "JSON that is no operation ends a wait also after the operation was read",
    script: [pending, ok({ kind: "storage#bucket" }), succeeded],
    calls: [{ expect: { end: "unreadable", why: "body" } }],
    requests: seconds(0, 1)
  },
  {
    id: "body-no-operation",
    shows: "JSON that is no operation is not polled for ever",
    script: [ok({ kind: "storage#bucket" })],
    calls: [{ expect: { end: "unreadable", why: "body" } }],
    requests: [0]
  },
  {
    id: "body-empty",
    shows: "an answer without content is not polled for ever",
    script: [{ type: "http", status: 204 }],
    calls: [{ expect: { end: "unreadable", why: "body", httpStatus: 204 } }],
    requests: [0]
  },
  {
    id: "redirect",
    shows: "redirects are not followed",
    script: [{ type: "http", status: 302, headers: { location: "/v1/operations/other" } }, succeeded],
    calls: [{ expect: { end: "unreadable", why: "status", httpStatus: 302 } }],
    requests: [0]
  }
]

// ---------------------------------------------------------------------------------------------------------------------
// What the server asks for
// ---------------------------------------------------------------------------------------------------------------------

const hints: ReadonlyArray<Case> = [
  {
    id: "retry-after-once",
    shows: "Retry-After lengthens the next delay, and only that one",
    script: [pendingAfter("5"), { type: "pending", times: 2 }, succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 5, 6, 7),
    inMemoryOnly: "seconds"
  },
  {
    id: "retry-after-date",
    shows: "Retry-After with a date lengthens the next delay",
    script: [pending, pendingAfter("Thu, 01 Jan 1970 00:00:08 GMT"), pending, succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 8, 9),
    inMemoryOnly: "seconds"
  },
  {
    id: "retry-after-short",
    shows: "a wait never polls more often than its schedule says",
    script: [pendingAfter("0"), pendingAfter("1"), pendingAfter("Thu, 01 Jan 1970 00:00:00 GMT"), succeeded],
    calls: [{ interval: 3 * second, expect: succeeds }],
    requests: seconds(0, 3, 6, 9),
    inMemoryOnly: "seconds"
  },
  {
    id: "retry-after-nonsense",
    shows: "Retry-After with nonsense is ignored",
    script: [
      pendingAfter("soon"),
      pendingAfter("-5"),
      pendingAfter("1e3"),
      pendingAfter("Infinity"),
      pendingAfter("NaN"),
      pendingAfter("5 minutes"),
      pendingAfter("99 Jan 2090"),
      pendingAfter("0x10"),
      succeeded
    ],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 2, 3, 4, 5, 6, 7, 8)
  },
  {
    id: "retry-after-over-24.8-days",
    shows: "Retry-After of more than a timer can hold (2^31 ms) is neither a busy loop nor an endless sleep",
    script: [pendingAfter("2592000"), pendingAfter("99999999999999999999"), pending, succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 300, 600, 601),
    horizon: 60 * minute,
    inMemoryOnly: "seconds"
  },
  {
    id: "retry-after-far-date",
    shows: "Retry-After with a date in the far future is bounded",
    script: [pendingAfter("Fri, 31 Dec 9999 23:59:59 GMT"), succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 300),
    horizon: 60 * minute,
    inMemoryOnly: "seconds"
  },
  {
    id: "retry-after-beyond-the-limit",
    shows: "Retry-After beyond the timeout is cut, so that there is time for a last poll",
    script: [pendingAfter("60"), succeeded],
    calls: [{ timeout: 10 * second, expect: { ...succeeds, at: 9 * second } }],
    requests: seconds(0, 9),
    inMemoryOnly: "seconds"
  },
  {
    id: "retry-after-of-a-failure",
    shows: "a 503 with Retry-After waits that long, once",
    script: [fault(503, "UNAVAILABLE", { headers: { "retry-after": "20" } }), unavailable, pending, succeeded],
    calls: [{ expect: succeeds }],
    requests: seconds(0, 20, 21, 22),
    inMemoryOnly: "seconds"
  },
  {
    id: "no-burst-after-a-hint",
    shows: "a schedule that was held up does not catch up with polls in a row",
    script: [pending, pendingAfter("30"), { type: "pending", times: 3 }, succeeded],
    calls: [{ interval: 5 * second, expect: succeeds }],
    requests: seconds(0, 5, 35, 40, 45, 50),
    inMemoryOnly: "seconds"
  },
  {
    id: "interval-over-24.8-days",
    shows: "a schedule of more than a timer can hold keeps its time",
    script: [pending, succeeded],
    calls: [{ interval: 30 * day, expect: { ...succeeds, at: 30 * day } }],
    requests: [0, 30 * day],
    horizon: 60 * day,
    inMemoryOnly: "times"
  }
]

// ---------------------------------------------------------------------------------------------------------------------
// Limits
// ---------------------------------------------------------------------------------------------------------------------

const limits: ReadonlyArray<Case> = [
  {
    id: "limit-shorter-than-the-delay",
    shows: "a delay beyond the timeout is cut: the last poll has a second for its response",
    script: [pending, succeeded],
    calls: [{ interval: minute, timeout: 20 * second, expect: { ...succeeds, at: 19 * second } }],
    requests: seconds(0, 19)
  },
  {
    id: "limit-with-a-last-poll",
    shows: "the last poll comes a second before the timeout, and the wait lasts until the timeout",
    script: [pending],
    calls: [{ interval: 7 * second, timeout: 10 * second, expect: { end: "gaveUp", at: 10 * second } }],
    requests: seconds(0, 7, 9),
    inMemoryOnly: "times"
  },
  {
    id: "limit-with-polls-until-the-end",
    shows: "polls that are due before the timeout are made, also after the time of the last poll",
    script: [pending],
    calls: [{ interval: 300, timeout: 1_500, expect: { end: "gaveUp", at: 1_500 } }],
    requests: [0, 300, 600, 900, 1_200, 1_350],
    inMemoryOnly: "times"
  },
  {
    id: "limit-with-a-short-interval",
    shows: "a short interval is kept until the timeout",
    script: [pending],
    calls: [{ interval: 300, timeout: 10 * second, expect: { end: "gaveUp", at: 10 * second } }],
    requests: [...Array.from({ length: 31 }, (_, index) => 300 * index), 9_300, 9_600, 9_900],
    inMemoryOnly: "times"
  },
  {
    id: "limit-just-after-a-poll",
    shows: "the last poll is 10 ms after the one before it, where that was just before its time",
    script: [pending],
    calls: [{ interval: 895, timeout: second, expect: { end: "gaveUp", at: second } }],
    requests: [0, 895, 905],
    inMemoryOnly: "times"
  },
  {
    id: "interval-of-nearly-nothing",
    shows: "two polls of a wait are at least 10 ms apart, whatever the schedules say",
    script: [pending, unavailable, unavailable, pending],
    calls: [{ interval: 1, retryInterval: 1, timeout: 50, expect: { end: "gaveUp", at: 50 } }],
    requests: [0, 10, 20, 30, 40],
    inMemoryOnly: "times"
  },
  {
    id: "limit-passed",
    shows:
      "a wait gives up at its timeout, neither before nor after, and the error says that the operation may still run",
    script: [{ type: "pending", metadata: progress }],
    calls: [{
      timeout: 1_900,
      expect: {
        end: "gaveUp",
        at: 1_900,
        last: { name: defaultName, done: false, metadata: progress },
        lastFailure: null,
        says: [defaultName, "may still be running"]
      }
    }],
    requests: [0, 1_000, 1_710],
    inMemoryOnly: "times"
  },
  {
    id: "limit-reached-exactly",
    shows: "a poll that is due at the timeout is made earlier, so that its response counts",
    script: [{ type: "pending", times: 3 }, succeeded],
    calls: [{ timeout: 3 * second, expect: { ...succeeds, at: 2_700 } }],
    requests: seconds(0, 1, 2, 2.7),
    inMemoryOnly: "times"
  },
  {
    id: "limit-of-nothing",
    shows: "a timeout of 0 ends a wait at once, without a request",
    script: [succeeded],
    calls: [{ timeout: 0, expect: { end: "gaveUp", at: 0, last: null, lastFailure: null } }],
    requests: []
  },
  {
    id: "limit-during-a-poll",
    shows: "a wait ends at its timeout also when a poll is in flight: the poll is aborted, and counts as a failure",
    script: [{ type: "succeeded", response: policy, delay: 30 * second }],
    settings: { requestTimeout: minute },
    calls: [{
      timeout: 10 * second,
      expect: { end: "gaveUp", at: 10 * second, last: null, lastFailure: "timeout", says: ["may still be running"] }
    }],
    requests: [0],
    abortedRequests: 1
  },
  {
    id: "limit-during-a-poll-after-a-failure",
    shows: "a failure that was seen before is told rather than the poll in flight at the timeout",
    script: [unavailable, { type: "pending", delay: minute }],
    settings: { requestTimeout: minute },
    calls: [{ timeout: 10 * second, expect: { end: "gaveUp", at: 10 * second, last: null, lastFailure: 503 } }],
    requests: seconds(0, 1),
    abortedRequests: 1
  },
  {
    id: "limit-during-a-poll-that-is-shared",
    shows: "a poll in flight at the timeout of one wait goes on for another",
    script: [{ type: "succeeded", response: policy, delay: 30 * second }],
    settings: { requestTimeout: minute },
    calls: [
      { timeout: 10 * second, expect: { end: "gaveUp", at: 10 * second, lastFailure: "timeout" } },
      { startAt: 5 * second, expect: { ...succeeds, at: 30 * second } }
    ],
    requests: [0]
  },
  {
    id: "last-poll-fails",
    shows: "a wait that gives up after failed polls tells the last failure and the last state",
    script: [{ type: "pending", times: 3, metadata: progress }, { ...unavailable, times: 99 }],
    calls: [{
      timeout: 3 * second,
      expect: {
        end: "gaveUp",
        at: 3 * second,
        lastFailure: 503,
        last: { name: defaultName, done: false, metadata: progress },
        says: ["may still be running", "503"]
      }
    }],
    requests: seconds(0, 1, 2, 2.7),
    inMemoryOnly: "times"
  },
  {
    id: "every-poll-fails",
    shows: "a wait that gives up without any response says so",
    script: [{ type: "cut", at: "beforeHeaders", times: 99 }],
    calls: [{ timeout: 2 * second, expect: { end: "gaveUp", last: null, lastFailure: "transport" } }],
    requests: seconds(0, 1, 1.8),
    inMemoryOnly: "times"
  },
  {
    id: "operation-failed-at-the-limit",
    shows: "the last poll sees a failure of the operation, which is then what the wait ends with",
    script: [{ type: "pending", times: 2 }, failed(10)],
    calls: [{ timeout: 2 * second, expect: { end: "failed", code: "ABORTED", at: 1_800 } }],
    requests: seconds(0, 1, 1.8),
    inMemoryOnly: "times"
  },
  {
    id: "wait-again-after-giving-up",
    shows: "after a wait that gave up, another one works",
    script: [pending, pending, succeeded],
    calls: [
      { interval: minute, timeout: 20 * second, expect: { end: "gaveUp" } },
      { startAt: 30 * second, expect: { ...succeeds, at: 30 * second } }
    ],
    requests: seconds(0, 19, 30)
  },
  {
    id: "limit-cancels-if-asked-to",
    shows: "on request the operation is cancelled at the timeout, and the timeout is what is reported",
    script: [pending],
    calls: [{
      interval: minute,
      timeout: 20 * second,
      cancelOn: "timeout",
      expect: { end: "gaveUp", at: 20 * second, says: ["may still be running"] }
    }],
    requests: [0, 19 * second, ["cancel", 20 * second]]
  }
]

// ---------------------------------------------------------------------------------------------------------------------
// Aborting
// ---------------------------------------------------------------------------------------------------------------------

const aborting: ReadonlyArray<Case> = [
  {
    id: "abort-between-polls",
    shows: "no request follows an abort",
    script: [pending],
    calls: [{ abortAt: 2_500, expect: { end: "aborted", at: 2_500 } }],
    requests: seconds(0, 1, 2),
    inMemoryOnly: "times"
  },
  {
    id: "abort-during-a-poll",
    shows: "an abort ends the request in flight at once",
    script: [pending, { type: "succeeded", delay: 60 * second }],
    calls: [{ abortAt: 10 * second, expect: { end: "aborted", at: 10 * second } }],
    requests: seconds(0, 1),
    abortedRequests: 1
  },
  {
    id: "abort-during-a-retry",
    shows: "no request follows an abort between a failed poll and the next",
    script: [{ ...unavailable, times: 99 }],
    calls: [{ abortAt: 1_500, expect: { end: "aborted" } }],
    requests: seconds(0, 1),
    inMemoryOnly: "times"
  },
  {
    id: "abort-then-wait-again",
    shows: "an abort ends one wait and no other: the next one works",
    script: [pending, pending, succeeded],
    calls: [
      { interval: minute, abortAt: 10 * second, expect: { end: "aborted" } },
      { startAt: 20 * second, interval: minute, abortAt: 30 * second, expect: { end: "aborted" } },
      { startAt: 40 * second, expect: { ...succeeds, at: 40 * second } }
    ],
    requests: seconds(0, 20, 40)
  },
  {
    id: "abort-during-a-poll-then-wait-again",
    shows: "an abort with a request in flight ends one wait and no other",
    script: [{ type: "pending", delay: 30 * second }, succeeded],
    calls: [
      { abortAt: 10 * second, expect: { end: "aborted" } },
      { startAt: 15 * second, expect: { ...succeeds, at: 15 * second } }
    ],
    requests: seconds(0, 15),
    abortedRequests: 1
  },
  {
    id: "abort-cancels-if-asked-to",
    shows: "on request the server is asked to cancel, once; the next wait sees that it did",
    script: [pending],
    calls: [
      { interval: minute, abortAt: 10 * second, cancelOn: "abort", expect: { end: "aborted" } },
      { startAt: 20 * second, expect: { end: "failed", code: "CANCELLED" } }
    ],
    requests: [0, ["cancel", 10 * second], 20 * second]
  },
  {
    id: "abort-does-not-cancel-unasked",
    shows: "an abort does not cancel the operation unasked",
    script: [{ type: "pending", duration: 15 * second }, succeeded],
    calls: [
      { interval: minute, abortAt: 10 * second, expect: { end: "aborted" } },
      { startAt: 20 * second, expect: succeeds }
    ],
    requests: seconds(0, 20)
  }
]

// ---------------------------------------------------------------------------------------------------------------------
// Many waits
// ---------------------------------------------------------------------------------------------------------------------

const sharing: ReadonlyArray<Case> = [
  {
    id: "two-waits-share-a-request",
    shows: "two waits for one operation never have two requests in flight",
    script: [{ type: "pending", delay: 100 }, { type: "pending", delay: 100 }, { ...succeeded, delay: 100 }],
    calls: [{ expect: { ...succeeds, at: 2_300 } }, { expect: { ...succeeds, at: 2_300 } }],
    requests: [0, 1_100, 2_200],
    inMemoryOnly: "times"
  },
  {
    id: "two-waits-two-limits",
    shows: "each wait has its own timeout",
    script: [{ type: "pending", duration: 5 * second }, succeeded],
    calls: [
      { timeout: 1_500, expect: { end: "gaveUp", at: 1_500 } },
      { startAt: 500, interval: 10 * second, timeout: 30 * second, expect: { ...succeeds, at: 10_500 } }
    ],
    requests: [0, 500, 1_000, 1_350, 10_500],
    inMemoryOnly: "times"
  },
  {
    id: "the-end-wakes-all",
    shows: "the end that one wait sees is the end of all",
    script: [{ type: "pending", duration: 3 * second }, succeeded],
    calls: [
      { expect: { ...succeeds, at: 3 * second } },
      { startAt: 500, interval: minute, expect: { ...succeeds, at: 3 * second } }
    ],
    requests: [0, 500, 1_000, 2_000, 3_000],
    inMemoryOnly: "times"
  },
  {
    id: "one-aborts-the-other-goes-on",
    shows: "a poll in flight serves every wait: it goes on when the wait that sent it is aborted",
    script: [
      { type: "pending", delay: 2 * second },
      { type: "pending", delay: 100 },
      { ...succeeded, delay: 100 }
    ],
    calls: [
      { abortAt: second, expect: { end: "aborted", at: second } },
      { startAt: 500, expect: { ...succeeds, at: 4_200 } }
    ],
    requests: [0, 3_000, 4_100],
    inMemoryOnly: "times"
  },
  {
    id: "not-the-last-one",
    shows: "a wait that is aborted while another goes on cancels nothing",
    script: [{ type: "pending", duration: 5 * second }, succeeded],
    calls: [
      { abortAt: 1_500, cancelOn: "abort", expect: { end: "aborted" } },
      { startAt: 500, interval: 5 * second, expect: { ...succeeds, at: 5_500 } }
    ],
    requests: [0, 500, 1_000, 5_500],
    inMemoryOnly: "times"
  },
  {
    id: "the-last-one-cancels",
    shows: "the last wait to be aborted cancels, once",
    script: [pending],
    calls: [
      { abortAt: 1_500, cancelOn: "abort", expect: { end: "aborted" } },
      { startAt: 500, interval: minute, abortAt: 2_500, cancelOn: "abort", expect: { end: "aborted" } }
    ],
    requests: [0, 500, 1_000, ["cancel", 2_500]],
    inMemoryOnly: "times"
  }
]

// ---------------------------------------------------------------------------------------------------------------------
// Not found
// ---------------------------------------------------------------------------------------------------------------------

const notFound: ReadonlyArray<Case> = [
  {
    id: "not-found-just-started",
    shows: "an operation that has just been started may not be visible yet",
    script: [{ type: "gone", times: 3 }, pending, succeeded],
    calls: [{ from: started, expect: succeeds }],
    requests: seconds(1, 2, 3, 4, 5)
  },
  {
    id: "not-found-too-long",
    shows: "an operation that is not visible after half a minute is not found",
    script: [{ type: "gone", times: 99 }],
    calls: [{
      from: started,
      interval: 10 * second,
      retryInterval: 10 * second,
      expect: { end: "unreadable", httpStatus: 404, code: "NOT_FOUND", at: 30 * second }
    }],
    requests: seconds(10, 20, 30),
    inMemoryOnly: "times"
  },
  {
    id: "not-found-once-seen",
    shows: "an operation that was there and is gone is not waited for",
    script: [pending, { type: "gone", times: 99 }],
    calls: [{ from: started, expect: { end: "unreadable", code: "NOT_FOUND", at: 2 * second } }],
    requests: seconds(1, 2)
  },
  {
    id: "not-found-bare-name",
    shows: "a bare name that is not found fails at once",
    script: [{ type: "gone" }, succeeded],
    calls: [{ expect: { end: "unreadable", httpStatus: 404, code: "NOT_FOUND" } }],
    requests: [0]
  },
  {
    id: "not-found-old-ticket",
    shows: "the operation of an old ticket may have expired, and the error says so",
    script: [{ type: "gone" }, succeeded],
    save: {},
    calls: [{
      from: "ticket",
      startAt: 40 * day,
      elsewhere: true,
      expect: { end: "unreadable", code: "NOT_FOUND", says: ["expired"] }
    }],
    requests: [40 * day],
    horizon: 41 * day,
    inMemoryOnly: "times"
  },
  {
    id: "not-found-no-route",
    shows: "a 404 of a server that has no such path is a wrong address, not an operation that is not visible yet",
    script: [fault(404), succeeded],
    calls: [{ from: started, expect: { end: "unreadable", httpStatus: 404 } }],
    requests: seconds(1)
  }
]

// ---------------------------------------------------------------------------------------------------------------------
// Going on elsewhere
// ---------------------------------------------------------------------------------------------------------------------

const resuming: ReadonlyArray<Case> = [
  {
    id: "resume-elsewhere",
    shows: "one process stops and another goes on",
    script: [pending, pending, succeeded],
    save: {},
    calls: [
      { from: "ticket", interval: minute, abortAt: 10 * second, expect: { end: "aborted" } },
      { from: "ticket", startAt: 20 * second, elsewhere: true, expect: { ...succeeds, at: 21 * second } }
    ],
    requests: seconds(0, 20, 21)
  },
  {
    id: "resume-after-a-transport-error",
    shows: "a failure on the way is never stored as a verdict",
    script: [pending, cut("withinBody"), succeeded],
    save: {},
    calls: [
      { from: "ticket", retries: 0, expect: { end: "unreadable", why: "transport" } },
      { from: "ticket", startAt: 5 * second, elsewhere: true, expect: succeeds }
    ],
    requests: seconds(0, 1, 5),
    inMemoryOnly: "connections"
  },
  {
    id: "resume-after-the-end",
    shows: "what ended meanwhile is seen at the first poll",
    script: [{ type: "pending", duration: 5 * second }, failed(9, "no", [errorInfo])],
    save: {},
    calls: [{
      from: "ticket",
      startAt: 10 * second,
      elsewhere: true,
      expect: { end: "failed", error: { code: 9, message: "no", details: [errorInfo] } }
    }],
    requests: seconds(10)
  },
  {
    id: "resume-keeps-the-limit",
    shows: "the deadline that was saved is kept; it does not begin anew",
    script: [{ type: "pending", times: 99 }],
    save: { timeout: 10 * second },
    calls: [{ from: "ticket", startAt: 8_500, elsewhere: true, expect: { end: "gaveUp", at: 10 * second } }],
    requests: [8_500, 9_500, 9_850],
    inMemoryOnly: "times"
  },
  {
    id: "resume-after-the-limit",
    shows: "when the saved deadline has passed, a wait ends at once without a request",
    script: [{ type: "pending", duration: 20 * second }, succeeded],
    save: { timeout: 10 * second },
    calls: [
      {
        from: "ticket",
        startAt: 10 * second,
        elsewhere: true,
        expect: { end: "gaveUp", at: 10 * second, last: null, lastFailure: null }
      },
      { from: "ticket", startAt: 25 * second, elsewhere: true, expect: { end: "gaveUp", at: 25 * second } },
      { startAt: 30 * second, expect: { ...succeeds, at: 30 * second } }
    ],
    requests: seconds(30),
    inMemoryOnly: "times"
  },
  {
    id: "resume-after-the-limit-with-another",
    shows: "a timeout of its own lets a wait go on after the saved deadline",
    script: [{ type: "pending", duration: 20 * second }, succeeded],
    save: { timeout: 10 * second },
    calls: [{
      from: "ticket",
      startAt: 15 * second,
      elsewhere: true,
      interval: 4 * second,
      timeout: 20 * second,
      expect: { ...succeeds, at: 23 * second }
    }],
    requests: seconds(15, 19, 23),
    inMemoryOnly: "times"
  }
]

// ---------------------------------------------------------------------------------------------------------------------
// Credentials
// ---------------------------------------------------------------------------------------------------------------------

const credentials: ReadonlyArray<Case> = [
  {
    id: "unauthenticated-once",
    shows: "a token that is refused is renewed, and the same poll is made again",
    script: [pending, fault(401, "UNAUTHENTICATED"), pending, succeeded],
    settings: { token: "renewable" },
    calls: [{ expect: succeeds }],
    requests: seconds(0, 1, 1, 2)
  },
  {
    id: "unauthenticated-twice",
    shows: "a new token that is refused as well ends the wait",
    script: [fault(401, "UNAUTHENTICATED"), fault(401, "UNAUTHENTICATED"), succeeded],
    settings: { token: "renewable" },
    calls: [{ expect: { end: "unreadable", why: "status", httpStatus: 401, code: "UNAUTHENTICATED" } }],
    requests: [0, 0]
  },
  {
    id: "unauthenticated-for-good",
    shows: "a token that cannot be renewed is not sent twice, nor told to anyone",
    script: [fault(401, "UNAUTHENTICATED"), succeeded],
    settings: { token: "fixed" },
    calls: [{ expect: { end: "unreadable", httpStatus: 401, code: "UNAUTHENTICATED" } }],
    requests: [0]
  }
]

// ---------------------------------------------------------------------------------------------------------------------
// Servers that hold their answers
// ---------------------------------------------------------------------------------------------------------------------

const holding: ReadonlyArray<Case> = [
  {
    id: "server-holds",
    shows: "where the API has :wait, the end is seen when it happens",
    script: [{ type: "pending", duration: 12_300 }, succeeded],
    settings: { serverHolds: true, requestTimeout: 30 * second },
    calls: [{ interval: minute, expect: { ...succeeds, at: 12_300 } }],
    requests: [["wait", 0]],
    inMemoryOnly: "seconds"
  },
  {
    id: "server-holds-within-the-limit",
    shows: "the server is asked to wait no longer than until the time of the last poll",
    script: [{ type: "pending", duration: minute }, succeeded],
    settings: { serverHolds: true, requestTimeout: 30 * second },
    calls: [{ interval: second, timeout: 10 * second, expect: { end: "gaveUp", at: 10 * second, lastFailure: null } }],
    requests: [["wait", 0], 9_000],
    inMemoryOnly: "seconds"
  },
  {
    id: "server-holds-unimplemented",
    shows: "a server that does not have :wait after all is polled, and not asked for it again",
    script: [pending, succeeded],
    server: { wait: "unimplemented" },
    settings: { serverHolds: true },
    calls: [{ expect: succeeds }],
    requests: [["wait", 0], 0, 1_000],
    inMemoryOnly: "seconds"
  },
  {
    id: "server-holds-nothing",
    shows: "a server that answers :wait at once is not asked in a busy loop",
    script: [{ type: "pending", times: 3 }, succeeded],
    server: { wait: "atOnce" },
    settings: { serverHolds: true },
    calls: [{ expect: succeeds }],
    requests: [["wait", 0], ["wait", 1_000], ["wait", 2_000], ["wait", 3_000]],
    inMemoryOnly: "seconds"
  }
]

export const groups: Readonly<Record<string, ReadonlyArray<Case>>> = {
  "how an operation ends": completion,
  "how an operation fails": failure,
  "names": names,
  "polls that fail": polls,
  "delays from the server": hints,
  "limits": limits,
  "aborting": aborting,
  "many waits": sharing,
  "not found": notFound,
  "continuing elsewhere": resuming,
  "credentials": credentials,
  "server-side waits": holding
}
