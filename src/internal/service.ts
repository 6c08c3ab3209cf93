/**
 * Implements the methods of `OperationsService`.
 */
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as GoogleApi from "../GoogleApi.js"
import type * as HttpError from "../HttpError.js"
import type * as Operation from "../Operation.js"
import { OperationError } from "../OperationError.js"
import * as OperationHandle from "../OperationHandle.js"
// oxlint-disable-next-line import/no-cycle -- types only: this file implements the public interface
import type { Options, Page, Service, Waitable } from "../OperationsService.js"
import { call, type Caller, callSpanOptions, currentCaller, currentTraceparent } from "./caller.js"
import { ApiClient } from "./http/client.js"
import { invalidRequest } from "./http/errors.js"
import type { Decode } from "./http/exchange.js"
import { type ApiRequest, apiRequest, customRequest } from "./http/request.js"
import { annotated } from "./http/requestTelemetry.js"
import * as Response from "./http/response.js"
import type { Transport } from "./http/transport.js"
import { operationName } from "./operationName.js"
import {
  type GetOptions,
  getSettings,
  handleSettings,
  listSettings,
  resolve,
  startSettings,
  type TransportDefaults
} from "./settings.js"
import { listNames } from "./text.js"
import { cancelAbandoned, CancelReport, cancelRequest } from "./wait/cancel.js"
import { Engine } from "./wait/engine.js"
import { Waiter, type WaitFailure } from "./wait/state.js"
import { updates } from "./wait/updates.js"
import { waitAll } from "./wait/waitAll.js"

// The latest time that a Date can represent, in ms since the epoch. A later deadline is treated as no deadline.
const lastDate = 8.64e15

// The default number of polls that one `waitAll` call keeps in flight. `requestBudget` can set a different number.
const pollsAtATime = 64

// Converts a final operation state to a result: a failed operation becomes an error.
const verdict = (
  operation: Operation.Operation
): Exit.Exit<Operation.Pending | Operation.Succeeded, OperationError> =>
  operation._tag === "Failed" ? Exit.fail(new OperationError({ operation })) : Exit.succeed(operation)

/**
 * Creates a service that uses a transport. If an option is out of range, every call fails with an error that names the
 * option.
 *
 * @internal
 */
export const makeService = (
  transport: Transport,
  options?: Options,
  ofTransport?: TransportDefaults
): Effect.Effect<Service, never, Scope.Scope> =>
  Effect.suspend(() => {
    const settings = resolve(options, ofTransport)
    const client = new ApiClient(transport, Either.getOrElse(settings, () => Either.getOrThrow(resolve())))
    return Effect.as(
      Effect.addFinalizer(() => client.lifecycle.close),
      methods(client, Either.getOrUndefined(Either.flip(settings)))
    )
  })

const methods = (client: ApiClient, problem: HttpError.HttpError | undefined): Service => {
  const { lifecycle, settings } = client
  const { api, endpoint: { address } } = settings
  const engine = new Engine(client)

  // Implements a method that sends one request for an operation.
  const method = <A, B, E, Options = never>(
    method: string,
    { decode, request, result, state }: {
      readonly request: (name: string, options?: Options) => Either.Either<ApiRequest, HttpError.HttpError>
      readonly decode: (name: string) => Decode<A>
      readonly result: (value: A) => Exit.Exit<B, E>
      readonly state?: (value: A) => Operation.Operation
    }
  ) =>
  (operation: Waitable, options?: Options): Effect.Effect<B, E | HttpError.HttpError> =>
    call<B, E | HttpError.HttpError>(method, operation, (caller, done) => {
      const name = problem === undefined ? operationName(settings, operation) : Either.left(problem)
      if (Either.isLeft(name)) return void done(Exit.fail(name.left))
      const made = request(name.right, options)
      if (Either.isLeft(made)) return void done(Exit.fail(made.left))
      const exchange = client.begin(
        {
          request: made.right,
          decode: decode(name.right),
          caller,
          trace: { operationName: name.right, operation: state }
        },
        (exit) => done(Exit.flatMap(exit, result))
      )
      return exchange.isOver ? undefined : exchange.abort
    })

  const stream = <A, E>(
    method: string,
    operation: Waitable | undefined,
    use: (caller: Caller) => Stream.Stream<A, E>,
    options?: { readonly tracesRequests: boolean }
  ): Stream.Stream<A, E> =>
    Stream.withSpan(
      Stream.unwrap(Effect.map(currentCaller(options), use)),
      `OperationsService.${method}`,
      callSpanOptions(operation)
    )

  const listPages: Service["listPages"] = (options) =>
    stream("list", undefined, (caller) => {
      const list = GoogleApi.listOf(api)
      const checked = listSettings(options)
      if (problem !== undefined) return Stream.fail(problem)
      if (Either.isLeft(checked)) return Stream.fail(checked.left)
      const { collection = "operations", pageToken: first, ...page } = checked.right
      if (list === undefined) return Stream.fail(invalidRequest("this API has no method to list operations"))
      const decode = decodeNewPage(Response.toPage(api, list, collection), new Set([first]))
      return Stream.paginateEffect(first, (pageToken) =>
        Effect.flatMap(
          apiRequest(settings, list.request(collection, { ...page, pageToken }), {
            what: "a collection of operations"
          }),
          (request) =>
            Effect.map(
              client.execute({ request, decode, caller }),
              (page) => [page, Option.liftPredicate(page.nextPageToken, (token) => token !== "")] as const
            )
        ))
    })

  // Runs after a `start` call was interrupted. Logs the operation name, and cancels the operation if `onInterrupt` is
  // `"cancel"`.
  const onInterruptedStart = (
    caller: Caller,
    path: string,
    exit: Exit.Exit<Response.Snapshot, HttpError.HttpError>,
    cancels: boolean
  ): Effect.Effect<void> => {
    const what = `Interrupted while starting an operation with ${path}`
    if (Exit.isFailure(exit)) {
      return annotated(
        Effect.logWarning(`${what}. The API may have started an operation. ${Cause.pretty(exit.cause)}`),
        address
      )
    }
    const { operation: { done, name } } = exit.value
    const warn = annotated(
      Effect.logWarning(
        `${what}. Operation ${name} ${
          done
            ? "is done"
            : cancels
            ? "was started, and the server is asked to cancel it"
            : "was started and keeps running"
        }.`
      ),
      address,
      name
    )
    return cancels && !done
      ? Effect.zipRight(warn, cancelAbandoned(client, caller, [name], new CancelReport(address)))
      : warn
  }

  return {
    get: method("get", {
      request: (name, options?: GetOptions) =>
        Either.flatMap(
          getSettings(options),
          ({ xgafv }) => apiRequest(settings, api.dialect.poll(name), { xgafv, isRepeatable: true })
        ),
      decode: (name) => Response.toSnapshot(api, name),
      result: ({ operation }) => verdict(operation),
      state: ({ operation }) => operation
    }),

    wait: (operation, options) =>
      call<Operation.Succeeded, WaitFailure>("wait", operation, (caller, done) => {
        if (problem !== undefined) return void done(Exit.fail(problem))
        const made = Either.flatMap(
          engine.context(caller, options, {
            observer: { onEnd: (_, result) => done(result) },
            usesServerSideWait: true
          }),
          (context) => engine.make(operation, context)
        )
        if (Either.isLeft(made)) return void done(Exit.fail(made.left))
        if (!(made.right instanceof Waiter)) return void done(made.right)
        const waiter = made.right
        engine.begin(waiter)
        return () => engine.interrupt([waiter])
      }),

    updates: (operation, options) =>
      stream(
        "updates",
        operation,
        (caller) => problem === undefined ? updates(engine, caller, operation, options) : Stream.fail(problem)
      ),

    waitAll: (operations, options) =>
      stream("waitAll", undefined, (caller) =>
        waitAll(engine, caller, {
          operations,
          options,
          problem,
          pollsAtATime: Number.isFinite(settings.concurrentRequests) ? settings.concurrentRequests : pollsAtATime
        }), { tracesRequests: options?.tracePolls === true }),

    list: (options) =>
      Stream.suspend(() => {
        // A server may repeat the same unreachable locations on every page.
        const known = new Set<string>()
        return Stream.flatMap(listPages(options), ({ operations, unreachable }) => {
          const names = unreachable.filter((name) => !known.has(name))
          for (const name of names) known.add(name)
          const message = `The list of operations is incomplete. Could not reach: ${listNames(names)}`
          return Stream.unwrap(Effect.as(
            names.length === 0
              ? Effect.void
              : annotated(Effect.logWarning(message), address),
            Stream.fromIterable(operations)
          ))
        })
      }),

    listPages,

    cancel: method("cancel", {
      request: (name) => cancelRequest(settings, name),
      decode: () => Response.toVoid,
      result: () => Exit.void
    }),

    delete: method("delete", {
      request: (name) => {
        const request = GoogleApi.deleteRequest(api, name)
        return request === undefined
          ? Either.left(invalidRequest("this API has no method to delete an operation"))
          : apiRequest(settings, request)
      },
      decode: () => Response.toVoid,
      result: () => Exit.void
    }),

    // Once the request is sent, an interruption takes effect only after the response arrives. Otherwise, the operation
    // name would be lost.
    start: (custom, options) =>
      call<Operation.Pending | Operation.Succeeded, OperationError | HttpError.HttpError>("start", undefined, (
        caller,
        done
      ) => {
        const checked = problem === undefined ? startSettings(options) : Either.left(problem)
        if (Either.isLeft(checked)) return void done(Exit.fail(checked.left))
        const cancels = checked.right.cancelOnInterrupt
        const request = cancels && !api.methods.cancel
          ? Either.left(invalidRequest("this API has no method to cancel an operation"))
          : customRequest(settings, custom)
        if (Either.isLeft(request)) return void done(Exit.fail(request.left))
        let ended: Exit.Exit<Response.Snapshot, HttpError.HttpError> | undefined
        let onEnd: (() => void) | undefined
        const exchange = client.begin(
          {
            request: request.right,
            decode: Response.toSnapshot(api, undefined),
            caller,
            trace: { pollAttempt: 0, operation: ({ operation }) => operation }
          },
          (exit) => {
            ended = exit
            done(Exit.flatMap(exit, ({ operation }) => verdict(operation)))
            onEnd?.()
          }
        )
        const untilEnded = Effect.async<void>((resume) => {
          if (ended !== undefined) return resume(Effect.void)
          onEnd = () => resume(Effect.void)
        })
        return () =>
          exchange.isQueued
            ? exchange.abort()
            : Effect.zipRight(
              untilEnded,
              Effect.suspend(() => onInterruptedStart(caller, request.right.path, ended!, cancels))
            )
      }),

    handle: (operation, options) =>
      Effect.flatMap(Effect.zip(Effect.clock, currentTraceparent), ([clock, traceparent]) =>
        Either.gen(function*() {
          if (problem !== undefined) return yield* Either.left(problem)
          const name = yield* operationName(settings, operation)
          const { metadataType, responseType, timeout } = yield* handleSettings(options)
          const now = clock.unsafeCurrentTimeMillis()
          const deadline = now + (timeout ?? Infinity)
          return OperationHandle.OperationHandle.make({
            version: 1,
            name,
            api: { baseUrl: settings.endpoint.baseUrl, version: api.version },
            startedAt: DateTime.unsafeMake(now),
            ...(deadline > lastDate ? undefined : { deadline: DateTime.unsafeMake(deadline) }),
            ...(responseType === undefined ? undefined : { responseType }),
            ...(metadataType === undefined ? undefined : { metadataType }),
            ...(traceparent === undefined ? undefined : { traceparent })
          })
        })),

    close: lifecycle.close
  }
}

// Decodes a page, and rejects a page token that was already used.
const decodeNewPage = (decode: Decode<Page>, seen: Set<string | undefined>): Decode<Page> => (context, response, now) =>
  Either.flatMap(decode(context, response, now), (page) => {
    const { nextPageToken } = page
    if (nextPageToken !== "" && seen.has(nextPageToken)) {
      return Either.left(Response.decodeError(
        context,
        response,
        `the page token ${nextPageToken} was used before, so the list would never end`
      ))
    }
    seen.add(nextPageToken)
    return Either.right(page)
  })
