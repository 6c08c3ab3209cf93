// Names, polls that fail, and delays from the server.
import { type Case, day, minute, second } from "./case.js"
import {
  cut,
  fault,
  ok,
  pending,
  pendingAfter,
  progress,
  reason,
  retryInfo,
  seconds,
  started,
  succeeded,
  succeeds,
  unavailable
} from "./steps.js"

export const names: ReadonlyArray<Case> = [
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

export const polls: ReadonlyArray<Case> = [
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
    shows: "after a 429 with RetryInfo, the wait polls again after the delay in RetryInfo",
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

export const hints: ReadonlyArray<Case> = [
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
