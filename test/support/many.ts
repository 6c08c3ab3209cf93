// Many operations, each answered by its name.
import type * as OperationsService from "effect-google-operations/OperationsService"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { json } from "./answers.js"
import { mockHttp } from "./http.js"

export const names = (count: number) => Array.from({ length: count }, (_, index) => `operations/${index}`)

export const idOf = (url: string): string => new URL(url).pathname.replace(/^\/v1\//, "")

/** How each operation is answered: by its name, and how many polls it has had before. */
export type Script = (name: string, polls: number) => Response

/** Answers by name; `:cancel` with `{}`. */
export const scripted = (script: Script, delay: Duration.DurationInput = 0) => {
  const polls = new Map<string, number>()
  let inFlight = 0
  let most = 0
  const http = mockHttp((request) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        most = Math.max(most, ++inFlight)
      }),
      () => {
        if (request.method === "POST") return Effect.sync(() => json({}))
        const id = idOf(request.url)
        const count = polls.get(id) ?? 0
        polls.set(id, count + 1)
        const answer = Effect.sync(() => script(id, count))
        return Duration.toMillis(delay) === 0 ? answer : Effect.delay(answer, delay)
      },
      () => Effect.sync(() => inFlight--)
    )
  )
  return {
    ...http,
    polls,
    most: () => most,
    cancelled: () => http.requests.filter(({ method }) => method === "POST").map(({ url }) => idOf(url))
  }
}

export const pending = (name: string) => json({ name })

export const succeeded = (name: string) => json({ name, done: true })

export const failed = (name: string) => json({ name, done: true, error: { code: 9, message: "not empty" } })

/** Pending for that many polls, then done. */
export const doneAfter = (polls: number): Script => (name, seen) => seen < polls ? pending(name) : succeeded(name)

const nameOf = (operation: OperationsService.Waitable) => typeof operation === "string" ? operation : operation.name

/** An outcome as `operations/1 Succeeded` or `operations/1 OperationError FAILED_PRECONDITION`. */
export const label = ({ operation, result }: OperationsService.Outcome): string => {
  const what = result._tag === "Right"
    ? result.right._tag
    : result.left._tag === "OperationError"
    ? `OperationError ${result.left.code}`
    : `${result.left._tag} ${result.left.reason}`
  return `${nameOf(operation)} ${what}`
}

/** Collects outcomes as they come, with the time in seconds. */
export const collecting = <W extends OperationsService.Waitable>(
  seen: Array<string>,
  outcomes: Stream.Stream<OperationsService.Outcome<W>>
) =>
  Stream.runForEach(outcomes, (outcome) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      seen.push(`${now / 1000} ${label(outcome)}`)
    }))
