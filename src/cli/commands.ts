/**
 * The commands of the `google-operations` program.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import * as GoogleApiCatalog from "../GoogleApiCatalog.js"
import type * as HttpError from "../HttpError.js"
import type * as Operation from "../Operation.js"
import type * as OperationsService from "../OperationsService.js"
import * as Api from "./api.js"
import { type Command, command, type Input } from "./command.js"
import { connection, connectionFlags, services } from "./connection.js"
import { failureLines } from "./errors.js"
import * as ExitCode from "./exitCode.js"
import { type Flags, onOff, repeated, UsageError, valued, type ValuesOf } from "./flags.js"
import * as Format from "./format.js"
import { Io, report } from "./io.js"
import { type Failure, operationOf } from "./outcome.js"
import { commandLine } from "./shell.js"
import { singleLine } from "./text.js"
import * as Wait from "./wait.js"

// ---------------------------------------------------------------------------------------------------------------------
// Options
// ---------------------------------------------------------------------------------------------------------------------

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const longest = Duration.days(365)

/** Parses a duration such as `90s`, `10m` or `1h30m`. A number without a unit is in seconds. */
export const parseDuration =
  (shortest: Duration.Duration) => (text: string): Either.Either<Duration.Duration, string> => {
    const parts = /^\d+(?:\.\d+)?$/.test(text) ? `${text}s` : text
    if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(parts)) {
      return Either.left("must be a duration such as 90s, 10m or 1h30m")
    }
    const millis = [...parts.matchAll(/([\d.]+)([a-z]+)/g)]
      .reduce((sum, [, number = "", unit = ""]) => sum + Number(number) * units[unit]!, 0)
    const duration = Duration.millis(millis)
    return Duration.between(duration, { minimum: shortest, maximum: longest })
      ? Either.right(duration)
      : Either.left(`must be from ${Duration.format(shortest)} to ${Duration.format(longest)}`)
  }

const parseCount = (min: number, max: number) => (text: string): Either.Either<number, string> =>
  /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max
    ? Either.right(Number(text))
    : Either.left(`must be a number from ${min} to ${max}`)

const format = (standard: "yaml" | "table") =>
  valued("format", "FORMAT", `json, yaml, table or value(FIELD) (default ${standard})`, Format.parse, {
    choices: ["json", "yaml", "table", "value(name)"]
  })

const timing = {
  timeout: valued(
    "timeout",
    "DURATION",
    "The time limit of the wait: 90s, 10m, 1h30m",
    parseDuration(Duration.millis(100))
  ),
  interval: valued(
    "interval",
    "DURATION",
    "The time between polls (default: grows with time)",
    parseDuration(Duration.millis(100))
  )
}

const names = { name: "NAME", min: 1, max: Infinity }

// ---------------------------------------------------------------------------------------------------------------------
// Commands for operations
// ---------------------------------------------------------------------------------------------------------------------

const orUsageError = <A>(either: Either.Either<A, string>): Either.Either<A, UsageError> =>
  Either.mapLeft(either, (problem) => new UsageError(problem))

type ConnectionValues = ValuesOf<typeof connectionFlags>

/** Finds the operations to which the arguments refer, and creates the services for them. */
const connect = (values: ConnectionValues, args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const connected = yield* connection(values)
    const targets = yield* orUsageError(Api.operations(args, connected.apiOptions))
    return { targets, serviceOf: yield* services(targets, connected) }
  })

const reportFailure = (failure: Failure) =>
  Effect.flatMap(Io, ({ stderrStyle }) => report(failureLines(failure, stderrStyle)))

// The maximum number of requests that one command keeps in flight.
const concurrency = 16

/**
 * Sends a request for each operation, and reports failures. The outcomes are in the same order as the arguments.
 */
const forEach = <A extends Operation.Operation | void>(
  targets: ReadonlyArray<Api.Target>,
  send: (target: Api.Target) => Effect.Effect<A, Failure, Io>
) =>
  Effect.forEach(
    targets,
    (target) =>
      Effect.tap(Effect.either(send(target)), (outcome) =>
        Either.isLeft(outcome) ? reportFailure(outcome.left) : Effect.void),
    { concurrency }
  )

// Returns the command line that continues to wait: the same options, with the operations that are not done.
const commandFor = <F extends Flags>({ io, options }: Input<F>) => (targets: ReadonlyArray<Api.Target>): string =>
  `${io.invocation} ${commandLine(["wait", ...targets.map(({ argument }) => argument), ...options])}`

const wait = command({
  name: "wait",
  summary: "Waits until operations are done, and prints them",
  args: names,
  flags: {
    all: onOff("all", "Waits until all are done (the default)"),
    any: onOff("any", "Waits until one is done, and prints it"),
    ...timing,
    cancelOnInterrupt: onOff("cancel-on-interrupt", "Cancels the operations on Ctrl-C or SIGTERM"),
    cancelOnTimeout: onOff("cancel-on-timeout", "Cancels the operations when the timeout has passed"),
    ...connectionFlags,
    format: format("yaml")
  },
  run: (input) =>
    Effect.gen(function*() {
      const { args, common, values } = input
      if (values.all && values.any) return yield* Effect.fail(new UsageError("--all and --any cannot be combined"))
      if (values.cancelOnTimeout && values.timeout === undefined) {
        return yield* Effect.fail(new UsageError("--cancel-on-timeout needs --timeout"))
      }
      const connected = yield* connect(values, args)
      if (values.cancelOnInterrupt || values.cancelOnTimeout) {
        const without = connected.targets.find(({ api }) => !api.methods.cancel)
        if (without !== undefined) {
          const flag = values.cancelOnInterrupt ? "--cancel-on-interrupt" : "--cancel-on-timeout"
          return yield* Effect.fail(new UsageError(`${flag}: the API of ${without.argument} cannot cancel operations`))
        }
      }
      return yield* Wait.run({
        ...connected,
        any: values.any,
        timeout: values.timeout,
        interval: values.interval,
        cancelsOnInterrupt: values.cancelOnInterrupt,
        cancelsOnTimeout: values.cancelOnTimeout,
        display: common.quiet ? "none" : "status",
        format: values.format ?? { type: "yaml" },
        commandFor: commandFor(input)
      })
    })
})

const watch = command({
  name: "watch",
  summary: "Shows a live table of operations until they are done",
  args: names,
  flags: { ...timing, ...connectionFlags, format: format("table") },
  run: (input) =>
    Effect.gen(function*() {
      const { args, common, values } = input
      return yield* Wait.run({
        ...yield* connect(values, args),
        any: false,
        timeout: values.timeout,
        interval: values.interval,
        cancelsOnInterrupt: false,
        cancelsOnTimeout: false,
        display: common.quiet ? "none" : "table",
        format: values.format ?? { type: "table" },
        commandFor: commandFor(input)
      })
    })
})

const get = command({
  name: "get",
  summary: "Prints the latest state of operations",
  args: names,
  flags: { ...connectionFlags, format: format("yaml") },
  run: ({ args, io, values }) =>
    Effect.gen(function*() {
      const { serviceOf, targets } = yield* connect(values, args)
      const outcomes = yield* forEach(targets, (target) => serviceOf(target).get(target.name))
      yield* Format.printOperations(io, {
        format: values.format ?? { type: "yaml" },
        isList: targets.length > 1,
        operations: outcomes.flatMap((outcome) => operationOf(outcome) ?? [])
      })
      return ExitCode.worst(outcomes.map(ExitCode.of))
    })
})

/** Creates a command that sends one request for each operation and prints no result. */
const requesting = (options: {
  readonly name: string
  readonly summary: string
  readonly send: (service: OperationsService.Service, name: string) => Effect.Effect<void, HttpError.HttpError>
  /** The request that was sent to the server, as a phrase for the message. */
  readonly done: string
}): Command =>
  command({
    name: options.name,
    summary: options.summary,
    args: names,
    flags: connectionFlags,
    run: ({ args, common, values }) =>
      Effect.gen(function*() {
        const { serviceOf, targets } = yield* connect(values, args)
        const outcomes = yield* forEach(targets, (target) =>
          Effect.zipLeft(
            options.send(serviceOf(target), target.name),
            common.quiet ? Effect.void : report([`${singleLine(target.name)}: ${options.done}`])
          ))
        return ExitCode.worst(outcomes.map(ExitCode.of))
      })
  })

const cancel = requesting({
  name: "cancel",
  summary: "Asks the server to cancel operations",
  send: (service, name) => service.cancel(name),
  done: "the server was asked to cancel the operation"
})

const del = requesting({
  name: "delete",
  summary: "Deletes the records of operations; does not cancel them",
  send: (service, name) => service.delete(name),
  done: "deleted"
})

const list = command({
  name: "list",
  summary: "Lists the operations of a collection",
  args: { name: "COLLECTION", min: 0, max: 1 },
  flags: {
    filter: valued("filter", "FILTER", "A filter in the syntax of the API: done=false", Either.right),
    pageSize: valued("page-size", "COUNT", "The largest number of operations in one response", parseCount(1, 100_000)),
    ...connectionFlags,
    format: format("table")
  },
  run: ({ args, io, values }) =>
    Effect.gen(function*() {
      const connected = yield* connection(values)
      const target = yield* orUsageError(Api.collection(args[0], connected.apiOptions))
      const service = (yield* services([target], connected))(target)
      const printer = yield* Format.printer<Operation.Operation>(
        io.stdout,
        values.format ?? { type: "table" },
        Format.operation,
        io.stdoutStyle
      )
      let code = ExitCode.succeeded
      // If the reader has closed the output, no more pages are needed.
      yield* service.listPages({ collection: target.name, filter: values.filter, pageSize: values.pageSize }).pipe(
        Stream.takeUntil(() => io.stdout.isClosed),
        Stream.runForEach(({ operations, unreachable }) => {
          if (unreachable.length > 0) code = ExitCode.unknown
          return Effect.zipRight(
            printer.page(operations),
            unreachable.length === 0
              ? Effect.void
              : Effect.logWarning(`The list is incomplete. Could not reach: ${unreachable.join(", ")}`)
          )
        }),
        Effect.catchTag("HttpError", (error) => {
          code = ExitCode.of(Either.left(error))
          return reportFailure(error)
        })
      )
      yield* printer.end
      return code
    })
})

// ---------------------------------------------------------------------------------------------------------------------
// The catalog and the emulator
// ---------------------------------------------------------------------------------------------------------------------

const apis = command({
  name: "apis",
  summary: "Lists Google's APIs that have operations",
  args: { name: "TEXT", min: 0, max: 1 },
  flags: { format: format("table") },
  run: ({ args: [text = ""], io, values }) =>
    Effect.gen(function*() {
      const entries = GoogleApiCatalog.entries().filter(({ name, version }) => `${name}/${version}`.includes(text))
      const { end, page } = yield* Format.printer(
        io.stdout,
        values.format ?? { type: "table" },
        Format.api,
        io.stdoutStyle
      )
      yield* Effect.zipRight(page(entries), end)
      return ExitCode.succeeded
    })
})

// Replaces function options in an emulator error message with the corresponding command options.
const emulatorProblem = (cause: unknown): UsageError =>
  new UsageError(
    cause instanceof Error
      ? cause.message
        .replace(/^host(?=: )/, "--host")
        .replace(/^origins(?=: )/, "--origin")
        .replace(/^versions(?=: )/, "--api-version")
        .replace(/set allowRemote$/, "give --allow-remote")
      : "could not listen"
  )

const emulator = command({
  name: "emulator",
  summary: "Serves an API with scripted operations, for tests",
  flags: {
    port: valued("port", "PORT", "The port to listen on (default: a free one)", parseCount(0, 65_535)),
    host: valued("host", "HOST", "The address to listen on (default 127.0.0.1)", Either.right),
    allowRemote: onOff("allow-remote", "Allows a --host that other machines can reach"),
    hosts: repeated("allow-host", "NAME", "Another host name of the server; can be repeated"),
    origins: repeated("origin", "ORIGIN", "Allows pages of an origin; can be repeated"),
    versions: repeated("api-version", "VERSION", "A version to serve (default v1); can be repeated"),
    duration: valued(
      "duration",
      "DURATION",
      "The duration of a new operation (default 2s)",
      parseDuration(Duration.zero)
    )
  },
  notes: [
    "Requests with JSON bodies (docs/command-line.md has examples):",
    "  POST /emulator/operations  scripts an operation: { name, steps }",
    "  POST /emulator/starts      scripts a method: { method, path, steps }",
    "  GET  /emulator/requests    lists the received requests",
    "  GET  /emulator/stats       counts requests and connections"
  ],
  run: ({ io, values }) =>
    Effect.gen(function*() {
      const { duration, versions, ...options } = values
      const [{ make }, { serve }] = yield* Effect.promise(() =>
        Promise.all([import("../OperationsEmulator.js"), import("../NodeOperationsEmulator.js")])
      )
      const emulator = yield* Effect.try({
        try: () => make({ operationDuration: duration, versions }),
        catch: emulatorProblem
      })
      const { url } = yield* Effect.mapError(serve(emulator, options), ({ cause }) => emulatorProblem(cause))
      yield* io.stdout.print(`listening on ${url}\n`)
      return yield* Effect.never
    })
})

/** All commands, in the order in which help lists them. */
export const commands: ReadonlyArray<Command> = [wait, watch, get, list, cancel, del, apis, emulator]
