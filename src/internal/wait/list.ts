/**
 * Polls the operations of a collection together, in rounds. A round polls many operations at once by reading pages of
 * the list.
 *
 * Listing saves requests only if the list is short and contains the operations that are waited for. A round therefore
 * reads at most one page for every ten of its operations. If a round does not find an operation, the operation is
 * polled by separate requests: once immediately, and then for a number of polls that doubles with each miss.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import type * as Dialect from "../../Dialect.js"
import type * as HttpError from "../../HttpError.js"
import type { Interrupt } from "../caller.js"
import type { ApiClient } from "../http/client.js"
import type { Decode } from "../http/exchange.js"
import { apiRequest } from "../http/request.js"
import { annotated } from "../http/requestTelemetry.js"
import * as Response from "../http/response.js"
import { countPoll, type Polled } from "./poll.js"
import type { InFlight, OperationRecord, PolledCollection, WaitContext, Waiter } from "./state.js"

/** The largest page size to request. A server may return a smaller page (AIP-158) or reject the size. */
const largestPage = 1_000
const smallestPage = 100

/** A round reads at most one page for every group of this many operations. */
const operationsPerPage = 10

/** After this many consecutive transient failures, a waiter switches to separate requests. */
const mostFailures = 3

/**
 * Limits the doubling. An operation that no list contains is polled by at most 31 separate requests before the list is
 * read again.
 */
const mostDoublings = 5

/**
 * Receives the results of reading a list. The engine implements it.
 *
 * @internal
 */
export interface ListObserver {
  /** Returns the record of the operation with this name, if a waiter waits for it. */
  readonly record: (name: string) => OperationRecord | undefined
  /**
   * Called when a page contains an operation, or when the list could not be read. `others` contains the waiters that
   * were not polling but should also take the result.
   */
  readonly onListed: (
    record: OperationRecord,
    owner: WaitContext,
    others: ReadonlyArray<Waiter>,
    exit: Exit.Exit<Polled, HttpError.HttpError>
  ) => void
  /** Called when the list does not contain an operation. Its waiters then poll it by separate requests. */
  readonly onMissed: (record: OperationRecord) => void
}

// A set of operations that are polled together. A round first collects operations, and is then in flight.
class Round implements InFlight {
  readonly owner: WaitContext
  /** The operations that the round has not yet found. */
  readonly records = new Set<OperationRecord>()
  /** Stops the round. It is set while the round is in flight. */
  stop: Interrupt | undefined
  readonly #onAbandoned: (round: Round) => Effect.Effect<void>

  constructor(owner: WaitContext, onAbandoned: (round: Round) => Effect.Effect<void>) {
    this.owner = owner
    this.#onAbandoned = onAbandoned
  }

  add(record: OperationRecord): void {
    this.records.add(record)
    record.inFlight = this
  }

  readonly leave = (record: OperationRecord): Effect.Effect<void> => {
    this.records.delete(record)
    return this.records.size === 0 ? this.#onAbandoned(this) : Exit.void
  }
}

// Returns whether at least half of the delay before the waiter's next poll has passed at the given time. The list then
// polls the operation early without another request, so that all waiters in a round remain synchronized for the next
// round.
const isDueSoon = ({ due, phase, polledAt, start }: Waiter, time: number): boolean => {
  const since = Math.max(start, polledAt)
  return phase === "sleeping" && time - since >= (due - since) / 2
}

// `due` is 1 if a separate poll is due that has not yet started.
const noteMiss = (waiter: Waiter, due: 0 | 1): void => {
  waiter.pollsBeforeList = due + 2 ** Math.min(++waiter.misses, mostDoublings) - 1
}

const projectOf = /^projects\/(?!-\/)[^/]+\//

class Collection implements PolledCollection {
  readonly #lists: Lists
  readonly #name: string
  #waiters: Array<Waiter> = []
  #pageSize = largestPage
  // Collects due polls for the next round, which begins when the round in flight has ended.
  #gathering: Round | undefined
  #current: Round | undefined
  // When the latest round began, and how long it took, in ms.
  #began = 0
  #duration = 0

  constructor(lists: Lists, name: string) {
    this.#lists = lists
    this.#name = name
  }

  add(waiter: Waiter): void {
    this.#waiters.push(waiter)
    waiter.collection = this
  }

  join(waiter: Waiter): boolean {
    if (waiter.pollsBeforeList > 0) {
      waiter.pollsBeforeList--
      return false
    }
    if (waiter.failures >= mostFailures) {
      noteMiss(waiter, 0)
      return false
    }
    if (this.#gathering === undefined) {
      this.#gathering = new Round(this.#lists.context, this.#onAbandoned)
      this.#beginLater()
    }
    this.#gathering.add(waiter.record)
    return true
  }

  // Begins the round in a microtask, so that it includes all polls that are due at the same time.
  #beginLater(): void {
    if (this.#current === undefined && this.#gathering !== undefined) queueMicrotask(() => this.#begin())
  }

  #begin(): void {
    const round = this.#gathering
    if (this.#current !== undefined || round === undefined) return
    this.#gathering = undefined
    if (round.records.size === 0) return
    this.#began = this.#lists.context.timer.now()
    const end = this.#began + this.#duration
    this.#waiters = this.#waiters.filter(({ phase }) => phase !== "ended")
    for (const waiter of this.#waiters) {
      const { pollsBeforeList, record } = waiter
      if (record.inFlight === undefined && pollsBeforeList === 0 && isDueSoon(waiter, end)) round.add(record)
    }
    this.#current = round
    const pages = Math.floor(round.records.size / operationsPerPage)
    if (pages === 0) return this.#end(round, (record) => this.#lists.observer.onMissed(record))
    const { caller, timer } = this.#lists.context
    round.stop = caller.run(this.#read(round, pages), (exit) => {
      this.#duration = timer.now() - this.#began
      this.#end(round, this.#atEnd(exit))
    })
  }

  #read(round: Round, pages: number): Effect.Effect<void, HttpError.HttpError> {
    const { client, context: { caller }, list } = this.#lists
    const { settings } = client
    const toPage = Response.toPage(settings.api, list, this.#name)
    return Effect.gen(this, function*() {
      const seen = new Set<string | undefined>()
      let pageToken: string | undefined
      for (let left = pages; left > 0 && round.records.size > 0; left--) {
        let isTooLarge = false
        const decode: Decode<Dialect.Page> = (context, response, now) => {
          isTooLarge = response.truncated
          return toPage(context, response, now)
        }
        const request = yield* apiRequest(
          settings,
          list.request(this.#name, { pageSize: this.#pageSize, pageToken }),
          { what: "a collection of operations" }
        )
        countPoll(client, caller, "list")
        const page = yield* Effect.either(client.execute({ request, decode, caller }))
        if (Either.isRight(page)) {
          yield* annotated(
            Effect.logDebug(`Polled ${this.#name}: a page with ${page.right.operations.length} operations.`),
            settings.endpoint.address
          )
          this.#show(round, page.right.operations)
          seen.add(pageToken)
          pageToken = page.right.nextPageToken
          // This is the final page, or its page token was already used.
          if (pageToken === "" || seen.has(pageToken)) return
        } else {
          // The server may reject the page size, as Compute Engine does above 500.
          const isOfSize = isTooLarge || page.left.httpStatus === 400
          if (!isOfSize || this.#pageSize <= smallestPage) return yield* page.left
          this.#pageSize = Math.max(smallestPage, this.#pageSize / 2)
        }
      }
    })
  }

  #show(round: Round, operations: Dialect.Page["operations"]): void {
    const { context, observer } = this.#lists
    // A project's list may contain names with the project number, whereas the waiters use the project ID.
    const project = projectOf.exec(this.#name)?.[0]
    for (const operation of operations) {
      const name = project === undefined ? operation.name : operation.name.replace(projectOf, project)
      const record = observer.record(name)
      if (record === undefined) continue
      const { inFlight } = record
      if (inFlight instanceof Round && (inFlight === round || inFlight === this.#gathering)) {
        inFlight.records.delete(record)
        record.inFlight = undefined
      } else if (inFlight !== undefined && !operation.done) {
        // The response to the poll in flight will be newer.
        continue
      }
      for (const waiter of record.waiters) if (waiter.collection === this) waiter.misses = waiter.pollsBeforeList = 0
      observer.onListed(record, context, this.#dueSoon(record), Exit.succeed({ operation, retryAfter: undefined }))
    }
  }

  #dueSoon(record: OperationRecord): ReadonlyArray<Waiter> {
    const now = this.#lists.context.timer.now()
    return record.waiters.filter((waiter) =>
      waiter.collection === this && (waiter.phase === "queued" || isDueSoon(waiter, now))
    )
  }

  // Handles the operations that a round did not find.
  #atEnd(exit: Exit.Exit<void, HttpError.HttpError>): (record: OperationRecord) => void {
    const { context, observer } = this.#lists
    if (Exit.isFailure(exit)) {
      const { cause } = exit
      const error = Either.getOrUndefined(Either.flip(Cause.failureOrCause(cause)))
      if (error === undefined || error.isTransient) {
        return (record) => observer.onListed(record, context, this.#dueSoon(record), Exit.failCause(cause))
      }
      this.#lists.logRefusal(this.#name, error)
    }
    return (record) => {
      for (const waiter of record.waiters) {
        if (waiter.collection !== this) continue
        if (waiter.phase === "polling") noteMiss(waiter, 0)
        else if (isDueSoon(waiter, context.timer.now())) noteMiss(waiter, 1)
      }
      observer.onMissed(record)
    }
  }

  #end(round: Round, settle: (record: OperationRecord) => void): void {
    if (this.#current !== round) return
    this.#current = undefined
    const records = [...round.records]
    round.records.clear()
    for (const record of records) {
      record.inFlight = undefined
      settle(record)
    }
    this.#beginLater()
  }

  // Stops the round when no waiter needs its remaining operations.
  readonly #onAbandoned = (round: Round): Effect.Effect<void> => {
    if (this.#current !== round) return Exit.void
    this.#current = undefined
    this.#beginLater()
    return round.stop?.() ?? Exit.void
  }
}

/**
 * The operation collections that one call polls.
 *
 * @internal
 */
export class Lists {
  readonly client: ApiClient
  readonly list: Dialect.List
  readonly context: WaitContext
  readonly observer: ListObserver
  readonly #collections = new Map<string, Collection>()
  #hasLogged = false

  constructor(client: ApiClient, list: Dialect.List, context: WaitContext, observer: ListObserver) {
    this.client = client
    this.list = list
    this.context = context
    this.observer = observer
  }

  /**
   * Adds a waiter to its collection, if the collection can be listed. The waiter then polls together with the others in
   * that collection.
   */
  add(waiter: Waiter): void {
    const name = this.list.collection(waiter.record.name)
    if (name === undefined) return
    let collection = this.#collections.get(name)
    if (collection === undefined) this.#collections.set(name, collection = new Collection(this, name))
    collection.add(waiter)
  }

  logRefusal(collection: string, error: HttpError.HttpError): void {
    if (this.#hasLogged) return
    this.#hasLogged = true
    this.context.caller.run(
      annotated(
        Effect.logInfo(`Could not list ${collection}. Its operations are read by separate requests. ${error.message}`),
        this.client.settings.endpoint.address
      ),
      () => {}
    )
  }
}
