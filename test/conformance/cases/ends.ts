// How operations end, and how they fail.
import { type Case, defaultName, minute, second } from "./case.js"
import {
  emptyType,
  errorInfo,
  failed,
  level,
  ok,
  pending,
  policy,
  policyType,
  progress,
  seconds,
  started,
  succeeded,
  succeeds,
  unknownDetail
} from "./steps.js"

export const completion: ReadonlyArray<Case> = [
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
    shows: "a wait continues until the operation is done",
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
    shows: "metadata of an unknown type is unchanged",
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

export const failure: ReadonlyArray<Case> = [
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
