// Several waits for one operation: at the same time, one after another, in other processes. Credentials, and server-side waits.
import { type Case, day, minute, second } from "./case.js"
import { cut, errorInfo, failed, fault, pending, seconds, started, succeeded, succeeds } from "./steps.js"

export const sharing: ReadonlyArray<Case> = [
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
    shows: "a poll in flight serves every wait, and continues when the wait that sent it is aborted",
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
    shows: "a wait that is aborted while another continues cancels nothing",
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

export const notFound: ReadonlyArray<Case> = [
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

export const resuming: ReadonlyArray<Case> = [
  {
    id: "resume-elsewhere",
    shows: "one process stops and another continues its wait",
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
    shows: "with a separate timeout, a wait continues after the saved deadline",
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

export const credentials: ReadonlyArray<Case> = [
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

export const holding: ReadonlyArray<Case> = [
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
