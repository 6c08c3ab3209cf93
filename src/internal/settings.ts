/**
 * Validates all service options once and fills in the defaults. All other code uses the validated settings.
 */
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Credentials from "../Credentials.js"
import * as GoogleApi from "../GoogleApi.js"
import type * as HttpError from "../HttpError.js"
import type * as Operation from "../Operation.js"
import * as Polling from "../Polling.js"
import { userProject } from "./http/authorization.js"
import { type Endpoint, endpoint, isHeaderValue } from "./http/endpoint.js"
import { invalidRequest } from "./http/errors.js"
import { describeValue } from "./text.js"

/**
 * The options of a `wait` call. `OperationsService.WaitOptions` documents them.
 *
 * @internal
 */
export interface WaitOptions {
  readonly schedule?: Schedule.Schedule<unknown, Operation.Pending> | undefined
  readonly retrySchedule?: Schedule.Schedule<unknown, HttpError.HttpError> | undefined
  readonly isTransient?: ((error: HttpError.HttpError) => boolean) | undefined
  readonly timeout?: Duration.DurationInput | undefined
  readonly onUpdate?: ((operation: Operation.Operation) => Effect.Effect<void>) | undefined
  readonly onInterrupt?: "detach" | "cancel" | undefined
  readonly onTimeout?: "detach" | "cancel" | undefined
}

/**
 * The service options. `OperationsService.Options` documents them.
 *
 * @internal
 */
export interface Options extends Pick<WaitOptions, "schedule" | "retrySchedule" | "isTransient"> {
  readonly api?: GoogleApi.GoogleApi | undefined
  readonly credentials?: Credentials.Credentials | undefined
  readonly xgafv?: "1" | "2" | undefined
  readonly quotaProject?: string | undefined
  readonly requestTimeout?: Duration.DurationInput | undefined
  readonly maxBodySize?: number | undefined
  readonly maxServerDelay?: Duration.DurationInput | undefined
  readonly requestBudget?:
    | { readonly perSecond?: number | undefined; readonly concurrent?: number | undefined }
    | undefined
}

/**
 * The validated options of a `wait` call.
 *
 * @internal
 */
export interface WaitSettings {
  readonly schedule: Schedule.Schedule<unknown, Operation.Pending>
  readonly retrySchedule: Schedule.Schedule<unknown, HttpError.HttpError>
  readonly isTransient: (error: HttpError.HttpError) => boolean
  readonly onUpdate: ((operation: Operation.Operation) => Effect.Effect<void>) | undefined
  /** The timeout in ms. It is `undefined` if no `timeout` is set. */
  readonly timeout: number | undefined
  readonly cancelOnInterrupt: boolean
  readonly cancelOnTimeout: boolean
}

/** @internal */
export interface Settings {
  readonly api: GoogleApi.GoogleApi
  readonly endpoint: Endpoint
  readonly credentials: Credentials.Credentials
  readonly xgafv: "1" | "2" | undefined
  /** The headers to add to every request, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** The time limit for each request, in ms. */
  readonly requestTimeout: number
  /** The maximum size of a response body, in bytes. */
  readonly maxBodySize: number
  /** The longest delay that a server can request, in ms. */
  readonly maxServerDelay: number
  /** The maximum number of requests that start per second. `Infinity` means no limit. */
  readonly requestsPerSecond: number
  /** The maximum number of requests in flight. `Infinity` means no limit. */
  readonly concurrentRequests: number
  readonly wait: WaitSettings
}

// Plain JavaScript callers can pass `null`, which is rejected like any other invalid value. Only `undefined` selects
// the default.
const isGiven = <A>(value: A | undefined): value is A => value !== undefined

// Duration.decode converts NaN and negative numbers to zero, so these values are rejected here.
const isOutOfRange = (value: unknown): boolean =>
  typeof value === "string"
    ? value.trimStart().startsWith("-")
    : typeof value === "bigint"
    ? value < 0n
    : (Array.isArray(value) ? value : [value]).some((part) => typeof part === "number" && !(part >= 0))

const durationMillis = (value: unknown): number =>
  isOutOfRange(value)
    ? NaN
    : Option.match(Duration.decodeUnknown(value), { onNone: () => NaN, onSome: Duration.toMillis })

/**
 * Validates options and keeps the first problem.
 *
 * @internal
 */
export class Checks {
  problem: string | undefined

  /** Records a problem with an option. `must` describes the valid values. */
  refuse(option: string, must: string, value: unknown): void {
    this.problem ??= `${option} must be ${must}, not ${describeValue(value)}`
  }

  check(option: string, must: string, value: unknown, isValid: boolean): void {
    if (!isValid) this.refuse(option, must, value)
  }

  /** Returns the duration in ms, or the default. */
  duration(option: string, value: unknown, defaultMillis: number, min: "positive" | "zero"): number {
    if (!isGiven(value)) return defaultMillis
    const millis = durationMillis(value)
    const isValid = min === "zero" ? millis >= 0 : millis > 0
    this.check(option, `a duration ${min === "zero" ? "of zero or more" : "above zero"}`, value, isValid)
    return isValid ? millis : defaultMillis
  }

  /** Returns the positive integer, or the default. */
  count(option: string, value: unknown, defaultCount: number): number {
    if (!isGiven(value)) return defaultCount
    const isValid = typeof value === "number" && Number.isSafeInteger(value) && value > 0
    this.check(option, "a whole number above zero", value, isValid)
    return isValid ? value : defaultCount
  }

  /** Returns the value if it is one of the allowed values. Otherwise, returns `undefined`. */
  oneOf<A extends string | boolean>(option: string, value: unknown, values: ReadonlyArray<A>): A | undefined {
    const found = values.find((candidate) => candidate === value)
    const must = values.map((candidate) => JSON.stringify(candidate)).join(" or ")
    if (isGiven(value)) this.check(option, must, value, found !== undefined)
    return found
  }

  /** Returns the value, or an error that describes the first problem and names the option. */
  result<A>(value: A): Either.Either<A, HttpError.HttpError> {
    return this.problem === undefined ? Either.right(value) : Either.left(invalidRequest(this.problem))
  }
}

const isRecord = (value: unknown): boolean => typeof value === "object" && value !== null

const notAnObject = (what: string, value: unknown): Either.Either<never, HttpError.HttpError> =>
  Either.left(invalidRequest(`the options of ${what} must be an object, not ${describeValue(value)}`))

const isFunction = (value: unknown): boolean => typeof value === "function"

const checkSchedule = (checks: Checks, option: string, value: unknown): void => {
  if (isGiven(value)) checks.check(option, "a Schedule", value, Schedule.isSchedule(value))
}

const isTransientByDefault = (error: HttpError.HttpError): boolean => error.isTransient

const checkWaitOptions = (checks: Checks, options: WaitOptions): void => {
  checkSchedule(checks, "schedule", options.schedule)
  checkSchedule(checks, "retrySchedule", options.retrySchedule)
  if (isGiven(options.isTransient)) {
    checks.check("isTransient", "a function", options.isTransient, isFunction(options.isTransient))
  }
}

const actions = ["detach", "cancel"] as const

/**
 * Returns the settings for one `wait` call. Options that the call omits are taken from the service.
 *
 * @internal
 */
export const waitSettings = (
  defaults: WaitSettings,
  options: WaitOptions | undefined
): Either.Either<WaitSettings, HttpError.HttpError> => {
  if (options === undefined) return Either.right(defaults)
  if (!isRecord(options)) return notAnObject("a wait", options)
  const checks = new Checks()
  checkWaitOptions(checks, options)
  if (isGiven(options.onUpdate)) {
    checks.check("onUpdate", "a function", options.onUpdate, isFunction(options.onUpdate))
  }
  const timeout = checks.duration("timeout", options.timeout, Infinity, "zero")
  return checks.result({
    schedule: options.schedule ?? defaults.schedule,
    retrySchedule: options.retrySchedule ?? defaults.retrySchedule,
    isTransient: options.isTransient ?? defaults.isTransient,
    onUpdate: options.onUpdate,
    timeout: isGiven(options.timeout) ? timeout : undefined,
    cancelOnInterrupt: checks.oneOf("onInterrupt", options.onInterrupt, actions) === "cancel",
    cancelOnTimeout: checks.oneOf("onTimeout", options.onTimeout, actions) === "cancel"
  })
}

/**
 * Returns the validated `emitUnchanged` option of `updates`, which `wait` does not support: whether the stream emits
 * unchanged states.
 *
 * @internal
 */
export const emitsUnchanged = (
  options: { readonly emitUnchanged?: boolean | undefined } | undefined
): Either.Either<boolean, HttpError.HttpError> => {
  const checks = new Checks()
  return checks.result(checks.oneOf("emitUnchanged", options?.emitUnchanged, [true, false]) === true)
}

interface StartOptions {
  readonly onInterrupt?: "detach" | "cancel" | undefined
}

/**
 * Returns the validated options for `start`: whether an interruption cancels the operation.
 *
 * @internal
 */
export const startSettings = (
  options: StartOptions | undefined
): Either.Either<{ readonly cancelOnInterrupt: boolean }, HttpError.HttpError> => {
  if (options === undefined) return Either.right({ cancelOnInterrupt: false })
  if (!isRecord(options)) return notAnObject("a start", options)
  const checks = new Checks()
  const action = checks.oneOf("onInterrupt", options.onInterrupt, actions)
  return checks.result({ cancelOnInterrupt: action === "cancel" })
}

/** @internal */
export interface GetOptions {
  readonly xgafv?: "1" | "2" | undefined
}

const noGetOptions: Either.Either<GetOptions> = Either.right({})

/**
 * Returns the validated options for `get`.
 *
 * @internal
 */
export const getSettings = (options: GetOptions | undefined): Either.Either<GetOptions, HttpError.HttpError> => {
  if (options === undefined) return noGetOptions
  if (!isRecord(options)) return notAnObject("a get", options)
  const checks = new Checks()
  return checks.result({ xgafv: checks.oneOf("xgafv", options.xgafv, ["1", "2"]) })
}

/**
 * The options for listing operations. `OperationsService.ListOptions` documents them.
 *
 * @internal
 */
export interface ListOptions {
  readonly collection?: string | undefined
  readonly filter?: string | undefined
  readonly pageSize?: number | undefined
  readonly pageToken?: string | undefined
  readonly returnPartialSuccess?: boolean | undefined
}

const checkString = (checks: Checks, option: string, value: unknown): void => {
  if (isGiven(value)) checks.check(option, "a string", value, typeof value === "string")
}

/**
 * Returns the validated options for listing operations.
 *
 * @internal
 */
export const listSettings = (options: ListOptions | undefined): Either.Either<ListOptions, HttpError.HttpError> => {
  if (options === undefined) return Either.right({})
  if (!isRecord(options)) return notAnObject("a list", options)
  const checks = new Checks()
  for (const option of ["collection", "filter", "pageToken"] as const) checkString(checks, option, options[option])
  const { pageSize } = options
  // A page size of zero lets the server choose the size (AIP-158).
  if (isGiven(pageSize)) {
    checks.check(
      "pageSize",
      "a whole number of zero or more",
      pageSize,
      Number.isSafeInteger(pageSize) && pageSize >= 0
    )
  }
  checks.oneOf("returnPartialSuccess", options.returnPartialSuccess, [true, false])
  return checks.result(options)
}

interface HandleOptions {
  readonly timeout?: Duration.DurationInput | undefined
  readonly responseType?: string | undefined
  readonly metadataType?: string | undefined
}

/**
 * Returns the validated options for a handle. The timeout is in ms.
 *
 * @internal
 */
export const handleSettings = (
  options: HandleOptions | undefined
): Either.Either<Omit<HandleOptions, "timeout"> & { readonly timeout: number | undefined }, HttpError.HttpError> => {
  if (options === undefined) return Either.right({ timeout: undefined })
  if (!isRecord(options)) return notAnObject("a handle", options)
  const checks = new Checks()
  const timeout = checks.duration("timeout", options.timeout, Infinity, "zero")
  checkString(checks, "responseType", options.responseType)
  checkString(checks, "metadataType", options.metadataType)
  return checks.result({ ...options, timeout: isGiven(options.timeout) ? timeout : undefined })
}

const checkMethods = (checks: Checks, methods: GoogleApi.Methods): void => {
  if (!isRecord(methods)) return checks.refuse("api.methods", "an object", methods)
  for (const method of ["list", "cancel", "delete"] as const) {
    const value = methods[method]
    checks.check(`api.methods.${method}`, "true or false", value, typeof value === "boolean")
  }
  const { wait } = methods
  const isKnown = wait === false || ["body", "query", "fixed"].includes(wait)
  checks.check("api.methods.wait", "false, \"body\", \"query\" or \"fixed\"", wait, isKnown)
}

const noEndpoint: Endpoint = { origin: "", address: "", port: 0, baseUrl: "", prefix: "", mayCarryCredentials: false }

const endpointOf = (checks: Checks, api: GoogleApi.GoogleApi): Endpoint => {
  if (!isRecord(api)) {
    checks.refuse("api", "a GoogleApi", api)
    return noEndpoint
  }
  checks.check("api.operationName", "a RegExp", api.operationName, api.operationName instanceof RegExp)
  checkMethods(checks, api.methods)
  const { dialect } = api
  checks.check(
    "api.dialect",
    "a Dialect",
    dialect,
    isRecord(dialect) && isFunction(dialect.poll) && isFunction(dialect.decode)
  )
  return Either.getOrElse(endpoint(api), (problem) => {
    checks.problem ??= problem
    return noEndpoint
  })
}

/**
 * Additional settings that a transport provides.
 *
 * @internal
 */
export interface TransportDefaults {
  /** Additional headers to add to every request, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Describes the problem if a transport option is invalid. */
  readonly problem?: string | undefined
}

/**
 * Validates service options and fills in the defaults. If an option is out of range, returns a `Left` with the error
 * with which every call fails.
 *
 * @internal
 */
export const resolve = (
  options: Options = {},
  ofTransport: TransportDefaults = {}
): Either.Either<Settings, HttpError.HttpError> => {
  if (!isRecord(options)) return notAnObject("a service", options)
  const checks = new Checks()
  checks.problem = ofTransport.problem
  const api = options.api === undefined ? GoogleApi.accessContextManager : options.api
  const credentials = options.credentials === undefined ? Credentials.anonymous : options.credentials
  checks.check(
    "credentials",
    "Credentials",
    credentials,
    isRecord(credentials) && isFunction(credentials.headers)
  )
  const headers: Record<string, string> = { accept: "application/json", ...ofTransport.headers }
  if (isGiven(options.quotaProject)) {
    const { quotaProject } = options
    if (typeof quotaProject === "string" && isHeaderValue(quotaProject)) headers[userProject] = quotaProject
    else checks.refuse("quotaProject", "a project that is valid in a header", quotaProject)
  }
  const budget = options.requestBudget
  if (isGiven(budget)) checks.check("requestBudget", "an object", budget, isRecord(budget))
  const { concurrent, perSecond } = budget ?? {}
  if (isGiven(perSecond)) {
    checks.check(
      "requestBudget.perSecond",
      "a number above zero",
      perSecond,
      typeof perSecond === "number" && perSecond > 0
    )
  }
  checkWaitOptions(checks, options)
  return checks.result({
    api,
    endpoint: endpointOf(checks, api),
    credentials,
    xgafv: checks.oneOf("xgafv", options.xgafv, ["1", "2"]),
    headers,
    requestTimeout: checks.duration("requestTimeout", options.requestTimeout, 30_000, "positive"),
    maxBodySize: checks.count("maxBodySize", options.maxBodySize, 4_194_304),
    maxServerDelay: checks.duration("maxServerDelay", options.maxServerDelay, 300_000, "zero"),
    requestsPerSecond: perSecond ?? Infinity,
    concurrentRequests: checks.count("requestBudget.concurrent", concurrent, Infinity),
    wait: {
      schedule: options.schedule ?? Polling.defaultSchedule,
      retrySchedule: options.retrySchedule ?? Polling.retrySchedule,
      isTransient: options.isTransient ?? isTransientByDefault,
      onUpdate: undefined,
      timeout: undefined,
      cancelOnInterrupt: false,
      cancelOnTimeout: false
    }
  })
}

/**
 * Validates options that come from configuration. Fails with a `ConfigError` if an option is out of range.
 *
 * @internal
 */
export const checkedOptions = <O extends Options>(
  options: O,
  problem?: string
): Either.Either<O, ConfigError.ConfigError> =>
  Either.mapBoth(resolve(options, { problem }), {
    onLeft: ({ description }) => ConfigError.InvalidData([], description),
    onRight: () => options
  })

/**
 * Returns the service options with the API that the tag specifies.
 *
 * @internal
 */
export const withApiOf = <O extends { readonly baseUrl?: string | undefined }>(
  { api }: { readonly api: GoogleApi.GoogleApi },
  { baseUrl, ...options }: O
): Omit<O, "baseUrl"> & { readonly api: GoogleApi.GoogleApi } => ({
  ...options,
  api: baseUrl === undefined ? api : { ...api, baseUrl }
})
