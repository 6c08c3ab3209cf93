// Limits, and aborted waits.
import { type Case, defaultName, minute, second } from "./case.js"
import { failed, pending, policy, progress, seconds, succeeded, succeeds, unavailable } from "./steps.js"

export const limits: ReadonlyArray<Case> = [
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
    shows: "a poll in flight at the timeout of one wait continues for another",
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

export const aborting: ReadonlyArray<Case> = [
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
