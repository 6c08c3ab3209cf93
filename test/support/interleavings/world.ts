// A server and clients that fail in every way, at random.
import { googleError, html, json } from "../answers.js"
import { Choices } from "../random.js"

/** The error of each function of the user that throws. */
export const boom = new Error("boom")
export const throwing = (): never => {
  throw boom
}

export const second = 1_000
export const names = ["operations/a", "operations/b", "operations/c"]

export type Kind = "get" | "poll" | "cancel" | "start"

export interface Sent {
  readonly order: number
  readonly at: number
  readonly kind: Kind
  readonly name: string
}

/** One run: its random choices, what its server knows, and what has happened. */
export class World {
  readonly choices: Choices
  /** In ms. */
  readonly now: () => number
  /** What every time is multiplied by. */
  readonly pace: number
  /** How late a deadline may be kept, in ms. */
  readonly lateness: number
  /** Counts requests and calls, so that their order is known within one millisecond. */
  order = 0
  readonly sent: Array<Sent> = []
  /** The operations that are done, with their last state. */
  readonly done = new Map<string, Record<string, unknown>>()
  readonly problems: Array<string> = []
  hasInterruptedItself = false
  isClosed = false
  /** Whether operations are cancelled: by calls of `cancel`, at the end of waits, or not at all. */
  readonly cancels: "never" | "byCalls" | "byWaits"

  constructor(seed: number, options: Pick<World, "lateness" | "now" | "pace">) {
    this.choices = new Choices(seed)
    this.now = options.now
    this.pace = options.pace
    this.lateness = options.lateness
    this.cancels = this.choices.of(["never", "byCalls", "byWaits", "byWaits"])
  }

  /** Notes a request. */
  take(url: string): { readonly kind: Kind; readonly name: string } {
    const { pathname, searchParams } = new URL(url, "http://localhost")
    const [name = "", verb] = pathname.slice("/v1/".length).split(":")
    // Only `get` asks for an error format.
    const kind = name === "accessPolicies"
      ? "start"
      : verb === "cancel"
      ? "cancel"
      : searchParams.has("$.xgafv")
      ? "get"
      : "poll"
    this.sent.push({ order: this.order++, at: this.now(), kind, name })
    if (this.isClosed) this.problems.push(`${kind} of ${name} after close`)
    return { kind, name }
  }

  /** How a server responds, or fails to. */
  respond(kind: Kind, name: string): (() => Response) | "lost" | "silent" | "brokenBody" {
    const choice = this.choices.weighted({
      good: 70,
      unavailable: 8,
      lost: 4,
      silent: kind === "cancel" ? 0 : 4,
      brokenBody: 2,
      html: 2,
      redirect: 2,
      forbidden: 1,
      cancelled: 2,
      refused: kind === "cancel" ? 0 : 2
    })
    switch (choice) {
      case "good":
        return () => this.#good(kind, name)
      case "unavailable":
        return () => googleError(503, "UNAVAILABLE")
      case "html":
        return html(200)
      case "redirect":
        return () => new Response(null, { status: 302 })
      case "forbidden":
        return () => googleError(403, "PERMISSION_DENIED")
      case "cancelled":
        return () => googleError(499, "CANCELLED")
      case "refused":
        return () => googleError(401, "UNAUTHENTICATED")
      default:
        return choice
    }
  }

  #good(kind: Kind, name: string): Response {
    if (kind === "cancel") {
      if (!this.done.has(name) && this.choices.happens(0.5)) {
        this.done.set(name, { name, done: true, error: { code: 1, message: "cancelled" } })
      }
      return json({})
    }
    if (kind === "start") return json({ name: this.choices.of(names) })
    if (!this.done.has(name) && this.choices.happens(0.08)) {
      this.done.set(
        name,
        this.choices.happens(0.7) ? { name, done: true } : { name, done: true, error: { code: 9, message: "no" } }
      )
    }
    const headers: Record<string, string> = this.choices.happens(0.05) ? { "retry-after": "1" } : {}
    return json(this.done.get(name) ?? { name, metadata: { percent: this.choices.below(3) } }, { headers })
  }

  /** How long a response takes, in ms. */
  delay(): number {
    return this.choices.of([0, 0, 0, 100, 100, 200, 500, 1_500]) * this.pace
  }
}
