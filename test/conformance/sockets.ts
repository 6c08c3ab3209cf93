/**
 * Plays cases over sockets with any client, and says in words how what happened differs from what a case expects.
 *
 * Most cases are played in real time, a second for a second; a long one at a fraction of its time. Where a case is about
 * times, it is played in real time, and the times are compared with a tolerance.
 */
import * as NodeOperationsEmulator from "effect-google-operations/NodeOperationsEmulator"
import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Case, defaultName, type Request, second } from "./cases/case.js"
import type { Client, MakeClient } from "./client.js"
import { methodOf, paced, play, type Result, timeOf } from "./play.js"

/** How far a request may come from its time: earlier, later. */
const tolerance = { early: 100, late: 600 }

/** The longest time that a case is played. */
const longest = 42 * second

/** A case that is not about times is played faster if it takes longer than this. */
const unhurried = 15 * second

/** Cases that cannot be played over a socket in any useful way, and why. */
export const notOverSockets: Readonly<Record<string, string>> = {
  "no-limit-unless-given": "the case takes hours",
  "interval-over-24.8-days": "the case takes days",
  "not-found-old-ticket": "the case takes days",
  "interval-of-nearly-nothing": "the case depends on exact milliseconds",
  "limit-just-after-a-poll": "the case depends on exact milliseconds",
  "limit-with-a-short-interval": "the case depends on exact milliseconds",
  "limit-with-polls-until-the-end": "the case depends on exact milliseconds",
  "server-holds-within-the-limit": "the case requires requests that take no time"
}

/**
 * Cases about a rule that this package has given itself: when the last poll before a limit comes. They are unfair to all
 * other clients.
 */
export const ownRules: ReadonlySet<string> = new Set([
  "limit-shorter-than-the-delay",
  "limit-reached-exactly",
  "operation-failed-at-the-limit",
  "retry-after-beyond-the-limit"
])

// Words of this package's messages, which no other client has to use.
const ownWords: ReadonlySet<string> = new Set(["may still be running", "expired", "succeeded"])

const isAboutTimes = ({ inMemoryOnly, timed }: Case): boolean =>
  inMemoryOnly === "times" || inMemoryOnly === "seconds" || timed === true

const hasLimit = ({ calls, save }: Case): boolean =>
  save?.timeout !== undefined || calls.some(({ timeout }) => timeout !== undefined)

const durationOf = ({ calls, requests, script }: Case): number =>
  Math.max(
    ...requests.map(timeOf),
    ...calls.flatMap((
      { abortAt = 0, expect: { at = 0 }, startAt = 0, timeout = 0 }
    ) => [abortAt, at, startAt, timeout]),
    ...script.map((step) => step.type === "pending" ? Number(step.duration ?? 0) : 0)
  )

// `Retry-After` with a date near the beginning of the virtual clock.
const hasDate = ({ script }: Case): boolean =>
  script.some((step) => step.type === "pending" && step.headers?.["retry-after"]?.includes("1970") === true)

const withDates = (case_: Case, start: number): Case => ({
  ...case_,
  script: case_.script.map((step) => {
    if (step.type !== "pending" || step.headers?.["retry-after"]?.includes("1970") !== true) return step
    const date = DateTime.toDateUtc(DateTime.unsafeMake(start + Date.parse(step.headers["retry-after"]))).toUTCString()
    return { ...step, headers: { "retry-after": date } }
  }) as unknown as Case["script"]
})

interface Played {
  readonly results: ReadonlyArray<Result> | undefined
  readonly requests: ReadonlyArray<Request>
  readonly names: ReadonlyArray<string>
  readonly aborted: number
}

const run = (case_: Case, make: MakeClient, limit: number) =>
  Effect.gen(function*() {
    const emulator = OperationsEmulator.make({ methods: case_.server ?? {} })
    const name = case_.name ?? defaultName
    const { url } = yield* NodeOperationsEmulator.serve(emulator)
    const target = { baseUrl: url, settings: case_.settings ?? {} }
    const client: Client = yield* make(target)
    const another: Client = yield* make(target)
    // Dates in headers have no milliseconds.
    if (hasDate(case_)) yield* Effect.sleep(second - (yield* Clock.currentTimeMillis) % second)
    const start = yield* Clock.currentTimeMillis
    yield* emulator.script(name, withDates(case_, start - start % second).script)
    const results = yield* play(case_, client, another, name).pipe(
      Effect.disconnect,
      Effect.timeoutOption(limit),
      Effect.map(Option.getOrUndefined)
    )
    // Whether a request follows the end.
    const interval = Math.max(...case_.calls.map(({ interval = second }) => interval))
    if (results !== undefined) yield* Effect.sleep(Math.min(1.5 * interval, 5 * second))
    const calls = yield* emulator.calls
    const requests = calls.map(({ at, method }): Request =>
      method === "wait" || method === "cancel" ? [method, at - start] : at - start
    )
    const { aborted } = yield* emulator.stats
    return {
      results: results?.map(({ at, ended }) => ({ ended, at: at - start })),
      requests,
      names: calls.map(({ name }) => name),
      aborted
    } satisfies Played
  }).pipe(Effect.scoped)

const show = (value: unknown): string => {
  const json = typeof value === "string" ? `"${value}"` : JSON.stringify(value) ?? "nothing"
  // Ports and the times of a run differ from run to run.
  const text = json.replace(/\s+/g, " ").replace(/https?:\/\/[\w.]+:\d+/g, "")
  return text.length > 70 ? `${text.slice(0, 67)}…` : text
}

const showTimes = (requests: ReadonlyArray<Request>): string => {
  if (requests.length === 0) return "none"
  const texts = requests.map((request) => {
    const seconds = Math.round(timeOf(request) / 100) / 10
    return typeof request === "number" ? `${seconds}` : `${request[0]} ${seconds}`
  })
  return `${texts.slice(0, 6).join(", ")}${texts.length > 6 ? ` … (${texts.length} in all)` : ""}`
}

const showCount = (requests: ReadonlyArray<Request>): string => {
  const methods = requests.map(methodOf)
  return methods.every((method) => method === "get")
    ? `${methods.length} ${methods.length === 1 ? "poll" : "polls"}`
    : methods.join(", ")
}

const within = (seen: number, expected: number): boolean =>
  seen >= expected - tolerance.early && seen <= expected + tolerance.late

/** What a client did that the case does not expect. */
export interface Difference {
  /** The end is another, the end tells less, or the requests are others. */
  readonly kind: "end" | "tells" | "requests"
  readonly text: string
}

const differencesOf = (case_: Case, played: Played, limit: number, isOther: boolean): ReadonlyArray<Difference> => {
  const differences: Array<Difference> = []
  const timed = isAboutTimes(case_)
  const add = (kind: Difference["kind"], text: string) => {
    differences.push({ kind, text })
  }
  for (const [index, call] of case_.calls.entries()) {
    const { at, end, says, why: _, ...expected } = call.expect
    if (timed && at !== undefined && at > limit) continue
    const which = case_.calls.length === 1 ? "" : `call ${index + 1}: `
    const result = played.results?.[index]
    if (result === undefined) {
      if (!timed || durationOf(case_) <= limit) {
        add("end", `the wait does not end within ${Math.round(limit / second)} s`)
      }
      break
    }
    const seen: Record<string, unknown> = { ...result.ended }
    const message = String(seen["message"] ?? "")
    if (result.ended.end !== end) {
      add("end", `${which}ends as ${result.ended.end}${message === "" ? "" : ` (${show(message)})`}, not as ${end}`)
      continue
    }
    // For other clients, an HTTP status and a code tell the same, and a status of success need not be told.
    const { code, httpStatus } = expected
    const told = !isOther || httpStatus === undefined
      ? {}
      : httpStatus < 300 || (code !== undefined && seen["code"] === code)
      ? { httpStatus: undefined }
      : { code: undefined }
    for (const [key, wanted] of Object.entries({ ...expected, ...told })) {
      if (isOther && wanted === null && seen[key] === undefined) continue
      if (wanted !== undefined && JSON.stringify(sorted(seen[key])) !== JSON.stringify(sorted(wanted))) {
        add("tells", `${which}${key} is ${show(seen[key])}, not ${show(wanted)}`)
      }
    }
    for (const words of says ?? []) {
      if (isOther && ownWords.has(words)) continue
      if (!message.toLowerCase().includes(words.toLowerCase())) add("tells", `${which}the message lacks ${show(words)}`)
    }
    if (message.includes("token-")) add("tells", `${which}the message has the token`)
    if (timed && at !== undefined && !within(result.at, at)) {
      add("end", `${which}it ends after ${Math.round(result.at / 100) / 10} s, not ${at / second} s`)
    }
  }
  // The requests of a wait with a limit depend on a rule of this package; those on lost connections on the transport.
  if ((isOther && hasLimit(case_)) || case_.inMemoryOnly === "connections") return differences
  const expected = timed ? case_.requests.filter((request) => timeOf(request) <= limit - second) : case_.requests
  const { names, requests } = played
  const isSame = requests.length === expected.length &&
    requests.every((request, index) =>
      methodOf(request) === methodOf(expected[index]!) && (!timed || within(timeOf(request), timeOf(expected[index]!)))
    )
  if (!isSame) {
    add(
      "requests",
      timed
        ? `requests at ${showTimes(requests)} s, not at ${showTimes(expected)} s`
        : `${showCount(requests)}, not ${showCount(expected)}`
    )
  }
  const other = names.find((name) => name !== (case_.name ?? defaultName))
  if (other !== undefined) add("requests", `a request for ${show(other)}`)
  if (played.aborted < (case_.abortedRequests ?? 0)) add("requests", "the request in flight is not aborted")
  return differences
}

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, item]) => [key, sorted(item)])
  )
}

/** Plays a case over a socket. An empty list is a pass. */
export const playOverASocket = (case_: Case, make: MakeClient, isOther: boolean) =>
  Effect.suspend(() => {
    const timed = isAboutTimes(case_)
    const duration = durationOf(case_)
    const pace = timed || duration <= unhurried ? 1 : unhurried / duration
    // A client may need longer than the case, but not for ever.
    const limit = Math.min(duration * pace + 10 * second, longest)
    return run(paced(case_, pace), make, limit).pipe(
      Effect.map((played) => differencesOf(case_, played, limit, isOther)),
      Effect.catchAllDefect((defect) =>
        Effect.succeed<ReadonlyArray<Difference>>([{ kind: "end", text: `the wait dies: ${show(String(defect))}` }])
      )
    )
  })
