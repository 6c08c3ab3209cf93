import { assert, describe, it } from "@effect/vitest"
import * as HttpError from "effect-google-operations/HttpError"
import * as Operation from "effect-google-operations/Operation"
import * as OperationError from "effect-google-operations/OperationError"
import * as Status from "effect-google-operations/Status"
import * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import { percentageOf, stateOf } from "../../src/cli/metadata.js"
import * as Progress from "../../src/cli/progress.js"
import { plain, width } from "../../src/cli/text.js"

const pending = (metadata?: Record<string, unknown>) => Operation.pending({ name: "operations/a", metadata })

describe("metadata", () => {
  it.each<[string, Record<string, unknown>, string | undefined, number | undefined]>([
    ["Compute Engine", { status: "RUNNING", progress: 40 }, "RUNNING", 40],
    ["BigQuery", { status: { state: "RUNNING" }, statistics: { completionRatio: 0.256 } }, "RUNNING", 25],
    ["Spanner", { progress: { progressPercent: 66 } }, undefined, 66],
    ["Spanner's schema changes", { progress: [{ progressPercent: 100 }, { progressPercent: 50 }, {}] }, undefined, 50],
    [
      "Datastore",
      { common: { state: "PROCESSING" }, progressEntities: { workCompleted: "30", workEstimated: "120" } },
      "PROCESSING",
      25
    ],
    [
      "Firestore",
      { operationState: "PROCESSING", progressDocuments: { completedWork: "3", estimatedWork: "4" } },
      "PROCESSING",
      75
    ],
    ["Vertex AI", { genericMetadata: { state: "RUNNING" } }, "RUNNING", undefined],
    ["Apigee", { state: "IN_PROGRESS", progress: { percentDone: 12 } }, "IN_PROGRESS", 12],
    ["Cloud Build", { build: { status: "WORKING" } }, "WORKING", undefined],
    ["an API without any", { createTime: "2026-11-26T10:00:00Z" }, undefined, undefined],
    ["work of which nothing is known", { progressEntities: { workCompleted: "0" } }, undefined, undefined],
    ["a percentage that is none", { progress: 140, state: 7 }, undefined, undefined],
    ["a text that is no state", { state: "x".repeat(61) }, undefined, undefined]
  ])("of %s", (_, metadata, state, percentage) => {
    assert.deepStrictEqual([stateOf(pending(metadata)), percentageOf(pending(metadata))], [state, percentage])
  })
})

const unavailable = new HttpError.HttpError({
  reason: "StatusCode",
  description: "unavailable",
  httpStatus: 503,
  isTransient: true
})

const succeeded = Either.right(Operation.succeeded({ name: "operations/a" }))
const failed = Either.left(
  new OperationError.OperationError({
    operation: Operation.failed({ name: "operations/a", error: new Status.Status({ code: 9, message: "in use" }) })
  })
)
const gaveUp = Either.left(
  new WaitTimeoutError.WaitTimeoutError({
    reason: "Timeout",
    operationName: "operations/a",
    elapsed: Duration.seconds(10),
    polls: 4
  })
)

const running = Progress.onDelay(
  Progress.onPending(Progress.begin("operations/a", 0), pending({ state: "RUNNING", progress: 40 })),
  1_000,
  4_000
)

describe("a row", () => {
  it("counts the polls of a wait, whatever ends it", () => {
    const failing = Progress.onFailure(running, unavailable)
    assert.deepStrictEqual([running.polls, failing.polls], [1, 2])
    assert.strictEqual(Progress.onEnd(failing, succeeded, 5_000).polls, 3)
    assert.strictEqual(Progress.onEnd(failing, failed, 5_000).polls, 3)
    assert.strictEqual(Progress.onEnd(failing, gaveUp, 5_000).polls, 4)
    assert.strictEqual(Progress.onEnd(failing, Either.left(unavailable), 5_000).polls, 2)
    const notFound = new HttpError.HttpError({ reason: "StatusCode", description: "none", httpStatus: 404 })
    assert.strictEqual(Progress.onEnd(failing, Either.left(notFound), 5_000).polls, 3)
  })

  it("is a line for output that is not a terminal", () => {
    const lines = [
      running,
      Progress.onFailure(running, unavailable),
      Progress.onEnd(running, succeeded, 12_000),
      Progress.onEnd(running, failed, 12_000),
      Progress.onEnd(running, gaveUp, 12_000)
    ].map((row) => Progress.changeLine(row, 2_000))
    assert.deepStrictEqual(lines, [
      "operations/a: RUNNING 40 %, 2.0s, 1 poll",
      "operations/a: failing (UNAVAILABLE), 2.0s, 2 polls",
      "operations/a: succeeded, 12s, 2 polls",
      "operations/a: failed (FAILED_PRECONDITION), 12s, 2 polls",
      "operations/a: timed out, 12s, 4 polls"
    ])
  })

  it("has changed only when what it says has", () => {
    const again = Progress.onPending(running, pending({ state: "RUNNING", progress: 40, updateTime: "later" }))
    const further = Progress.onPending(running, pending({ state: "RUNNING", progress: 41 }))
    assert.strictEqual(Progress.key(again), Progress.key(running))
    assert.notStrictEqual(Progress.key(further), Progress.key(running))
  })
})

const size = (columns: number, rows = 24) => ({ columns, rows })

describe("the status line", () => {
  it("says everything of one operation", () => {
    assert.strictEqual(
      Progress.statusLine([running], 2_300, size(80), Progress.unicode),
      "⠸ operations/a: RUNNING 40 % · 2.3s · 1 poll · next poll in 3s"
    )
  })

  it("sums up several", () => {
    const rows = [running, Progress.onEnd(Progress.begin("operations/b", 0), failed, 1_000)]
    assert.strictEqual(
      Progress.statusLine(rows, 2_300, size(80), Progress.ascii),
      "/ 1 of 2 done (1 failed), 2.3s, 2 polls, next poll in 3s"
    )
  })

  it("says that a poll is in flight", () => {
    assert.match(
      Progress.statusLine([{ ...running, nextPollAt: undefined }], 2_300, size(80), Progress.ascii),
      /polling$/
    )
    assert.match(Progress.statusLine([running], 6_000, size(80), Progress.ascii), /polling$/)
  })

  it("fits any window, and gives up the name first", () => {
    const name = "projects/my-project/locations/us-central1/operations/operation-1700000000000-abc"
    for (let columns = 2; columns <= 120; columns++) {
      const line = Progress.statusLine([{ ...running, name }], 2_300, size(columns), Progress.unicode)
      assert.isBelow(width(line), columns, line)
    }
    assert.strictEqual(
      Progress.statusLine([{ ...running, name }], 2_300, size(30), Progress.unicode),
      "⠸ RUNNING 40 % · 2.3s"
    )
  })
})

describe("the table of a watch", () => {
  const rows = Array.from({ length: 200 }, (_, index) => {
    const row = Progress.begin(`projects/p/locations/l/operations/${index}`, 0)
    return index % 20 === 7
      ? Progress.onEnd(row, failed, 1_000)
      : index < 150
      ? Progress.onEnd(row, succeeded, 1_000)
      : Progress.onPending(row, pending({ state: "RUNNING", progress: index - 150 }))
  })

  it("has a line for each operation if there is room, in the order of the arguments", () => {
    const lines = Progress.watchTable(rows, 2_000, size(80, 203), Progress.ascii, plain)
    assert.strictEqual(lines.length, 202)
    assert.match(lines[1]!, /^succeeded +projects\/p\/locations\/l\/operations\/0 +1\.0s {2}1$/)
    assert.match(lines[200]!, /operations\/199/)
    assert.match(lines[201]!, /^[-\\|/] 152 of 200 done \(10 failed\), 2\.0s, 200 polls, polling$/)
  })

  it("shows failures, then what is running, then the rest, if there is not", () => {
    const lines = Progress.watchTable(rows, 2_000, size(80, 24), Progress.ascii, plain)
    assert.strictEqual(lines.length, 23)
    assert.deepStrictEqual(
      lines.slice(1, 21).map((line) => line.split(/ {2,}/)[0]),
      [
        ...Array<string>(10).fill("failed (FAILED_PRECONDITION)"),
        ...Array.from({ length: 10 }, (_, i) => `RUNNING ${i} %`)
      ]
    )
    assert.strictEqual(lines[21], "and 180 more")
  })

  it("fits any window", () => {
    for (const columns of [10, 20, 30, 40, 60]) {
      for (const height of [3, 4, 5, 10]) {
        const lines = Progress.watchTable(rows, 2_000, size(columns, height), Progress.unicode, plain)
        assert.isAtMost(lines.length, Math.max(4, height - 1))
        for (const line of lines) assert.isBelow(width(line), columns, line)
      }
    }
  })
})

describe("the line of an operation that is done", () => {
  it("stays on the terminal", () => {
    const row = Progress.onEnd(running, succeeded, 12_000)
    assert.strictEqual(
      Progress.endLine(row, size(80), Progress.unicode, plain),
      "✓ operations/a succeeded, 12s, 2 polls"
    )
    assert.strictEqual(
      Progress.endLine(Progress.onEnd(running, failed, 12_000), size(80), Progress.ascii, plain),
      "x operations/a failed (FAILED_PRECONDITION), 12s, 2 polls"
    )
  })
})
