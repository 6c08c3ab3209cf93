/**
 * Waits for operations, shows their progress, and prints their results.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as HttpError from "../HttpError.js"
import type * as Operation from "../Operation.js"
import type * as OperationsService from "../OperationsService.js"
import * as Polling from "../Polling.js"
import type { Target } from "./api.js"
import { failureLines } from "./errors.js"
import * as ExitCode from "./exitCode.js"
import * as Format from "./format.js"
import { Io, report, type Service } from "./io.js"
import { type Failure, operationOf } from "./outcome.js"
import type { OutputError } from "./output.js"
import * as Progress from "./progress.js"
import { count } from "./text.js"

/** How the progress is shown on standard error: not at all, as a line with a spinner, or as a table. */
type Display = "none" | "status" | "table"

export interface Options {
  readonly targets: ReadonlyArray<Target>
  readonly serviceOf: (target: Target) => OperationsService.Service
  /** Whether to stop waiting as soon as one operation is done. */
  readonly any: boolean
  readonly timeout: Duration.Duration | undefined
  readonly interval: Duration.Duration | undefined
  readonly cancelsOnInterrupt: boolean
  readonly cancelsOnTimeout: boolean
  readonly display: Display
  readonly format: Format.Format
  /** Returns the command line that continues to wait for some of the operations. */
  readonly commandFor: (targets: ReadonlyArray<Target>) => string
}

type Outcome = Either.Either<Operation.Succeeded, Failure>

const isVerdict = (outcome: Outcome): boolean => operationOf(outcome) !== undefined

// The current time in milliseconds, on a clock that is not affected by changes to the system time.
const now: Effect.Effect<number> = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos / 1000n) / 1000)

const frameMillis = 100

/** Keeps a progress row for each operation, and displays the rows. */
class View {
  readonly #io: Service
  readonly #display: Display
  readonly #rows: Array<Progress.Row>
  readonly #isLive: boolean
  #isOver = false

  constructor(io: Service, display: Display, names: ReadonlyArray<string>, time: number) {
    this.#io = io
    this.#display = display
    this.#rows = names.map((name) => Progress.begin(name, time))
    this.#isLive = display !== "none" && io.stderr.size !== undefined
  }

  /** Changes a row. If standard error is not a terminal, prints a visible change as a line. */
  update(index: number, time: number, change: (row: Progress.Row) => Progress.Row): void {
    const before = this.#rows[index]!
    const after = change(before)
    this.#rows[index] = after
    if (this.#display === "none" || this.#isOver) return
    const hasChanged = Progress.key(before) !== Progress.key(after) || before.polls === 0
    if (!this.#isLive) {
      if (hasChanged && after.polls > 0) this.#io.stderr.post(`${Progress.changeLine(after, time)}\n`)
    } else if (this.#display === "status" && Progress.isEnded(after) && !Progress.isEnded(before)) {
      this.#io.stderr.post(
        `${Progress.endLine(after, this.#io.stderr.size!, this.#io.signs, this.#io.stderrStyle)}\n`
      )
    }
  }

  /** Redraws the live region repeatedly. */
  get run(): Effect.Effect<void> {
    if (!this.#isLive) return Effect.void
    return Effect.asVoid(
      Effect.repeat(Effect.flatMap(now, (time) => Effect.sync(() => this.#draw(time))), Schedule.spaced(frameMillis))
    )
  }

  #draw(time: number): void {
    const { signs, stderr, stderrStyle } = this.#io
    const { size } = stderr
    if (this.#isOver || size === undefined || this.#rows.every(Progress.isEnded)) return
    stderr.draw(
      this.#display === "table"
        ? Progress.watchTable(this.#rows, time, size, signs, stderrStyle)
        : [Progress.statusLine(this.#rows, time, size, signs)]
    )
  }

  /** Removes the live region. Later changes are not displayed. */
  end(): void {
    this.#isOver = true
    if (this.#isLive) this.#io.stderr.draw([])
  }
}

const scheduleOf = (interval: Duration.Duration | undefined): Schedule.Schedule<Duration.Duration> =>
  interval === undefined ? Polling.defaultSchedule : Polling.spaced(interval)

/** Waits for one operation, and updates its row. */
const waitForOne = (options: Options, view: View, index: number): Effect.Effect<Outcome> => {
  const target = options.targets[index]!
  const update = (change: (row: Progress.Row, time: number) => Progress.Row): Effect.Effect<void> =>
    Effect.map(now, (time) => view.update(index, time, (row) => change(row, time)))
  const watched = <In>(
    schedule: Schedule.Schedule<Duration.Duration>,
    change: (row: Progress.Row, input: In) => Progress.Row
  ): Schedule.Schedule<Duration.Duration, In> =>
    schedule.pipe(
      Schedule.tapInput((input: In) => update((row) => change(row, input))),
      Schedule.delayedEffect((delay) =>
        Effect.as(update((row, time) => Progress.onDelay(row, time, Duration.toMillis(delay))), delay)
      )
    )
  return options.serviceOf(target).wait(target.name, {
    schedule: watched<Operation.Pending>(scheduleOf(options.interval), Progress.onPending),
    retrySchedule: watched<HttpError.HttpError>(Polling.retrySchedule, Progress.onFailure),
    timeout: options.timeout,
    onInterrupt: options.cancelsOnInterrupt ? "cancel" : "detach",
    onTimeout: options.cancelsOnTimeout ? "cancel" : "detach"
  }).pipe(
    Effect.either,
    Effect.tap((outcome) => update((row, time) => Progress.onEnd(row, outcome, time)))
  )
}

const continuation = (options: Options, left: ReadonlyArray<Target>, what: string): Effect.Effect<void, never, Io> =>
  report([`${what}: ${options.commandFor(left)}`])

/** Waits until all operations are done, or, if `any` is set, until one of them is done. */
const collect = (options: Options, view: View): Effect.Effect<ReadonlyArray<Outcome | undefined>, never, Io> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const { targets } = options
      const ends = yield* Queue.unbounded<readonly [index: number, exit: Exit.Exit<Outcome>]>()
      const outcomes: Array<Outcome | undefined> = targets.map(() => undefined)
      const fibers = yield* Effect.forEach(targets, (_, index) =>
        // If `any` is set and one operation is done, the other fibers are not interrupted, because an interruption could
        // cancel their operations. They end when the service is closed.
        Effect.forkDaemon(
          Effect.interruptible(waitForOne(options, view, index)).pipe(
            Effect.onExit((exit) => Queue.offer(ends, [index, exit]))
          )
        ))
      const take = Effect.gen(function*() {
        for (let left = targets.length; left > 0; left--) {
          const [index, exit] = yield* Queue.take(ends)
          const outcome = yield* exit
          outcomes[index] = outcome
          if (Either.isLeft(outcome) && options.display !== "table") yield* reportFailure(outcome.left)
          if (options.any && isVerdict(outcome)) return
        }
      })
      const drawing = yield* Effect.fork(Effect.interruptible(view.run))
      yield* restore(take).pipe(
        Effect.onInterrupt(() => onInterrupt(options, view, outcomes, fibers)),
        Effect.ensuring(Effect.zipRight(Fiber.interrupt(drawing), Effect.sync(() => view.end())))
      )
      return outcomes
    })
  )

const reportFailure = (failure: Failure): Effect.Effect<void, never, Io> =>
  Effect.flatMap(Io, ({ stderrStyle }) => report(failureLines(failure, stderrStyle)))

const onInterrupt = (
  options: Options,
  view: View,
  outcomes: ReadonlyArray<Outcome | undefined>,
  fibers: ReadonlyArray<Fiber.RuntimeFiber<Outcome>>
): Effect.Effect<void, never, Io> =>
  Effect.gen(function*() {
    const left = options.targets.filter((_, index) => outcomes[index] === undefined)
    view.end()
    if (options.cancelsOnInterrupt) {
      yield* report([`Interrupted. Asking the server to cancel ${count(left.length, "operation")}.`])
    }
    yield* Fiber.interruptAll(fibers)
    if (left.length === 0) return
    yield* options.cancelsOnInterrupt
      ? continuation(options, left, "To see how it ends")
      : continuation(
        options,
        left,
        `Interrupted. ${count(left.length, "operation")} may still be running. To continue waiting`
      )
  })

/** Waits, prints the operations that are done, and returns the exit code. */
export const run = (options: Options): Effect.Effect<number, OutputError, Io | Scope.Scope> =>
  Effect.gen(function*() {
    const io = yield* Io
    const view = new View(io, options.display, options.targets.map(({ name }) => name), yield* now)
    const outcomes = yield* collect(options, view)
    yield* Effect.orElseSucceed(io.stderr.flush, () => undefined)
    const verdict = outcomes.find((outcome) => outcome !== undefined && isVerdict(outcome))
    const counted = options.any && verdict !== undefined ? [verdict] : outcomes.flatMap((outcome) => outcome ?? [])
    const failures = counted.flatMap((outcome) => Either.isLeft(outcome) ? [outcome.left] : [])
    yield* Format.printOperations(io, {
      format: options.format,
      isList: options.targets.length > 1 && !options.any,
      operations: counted.flatMap((outcome) => operationOf(outcome) ?? [])
    })
    // If no table was displayed, failures have already been reported.
    if (options.display === "table") yield* Effect.forEach(failures, reportFailure, { discard: true })
    if (failures.some(({ _tag }) => _tag === "WaitTimeoutError")) {
      yield* continuation(
        options,
        options.targets.filter((_, index) => {
          const outcome = outcomes[index]
          return outcome !== undefined && Either.isLeft(outcome) && outcome.left._tag === "WaitTimeoutError"
        }),
        options.cancelsOnTimeout ? "To see how it ends" : "To continue waiting"
      )
    }
    return ExitCode.worst(counted.map(ExitCode.of))
  })
