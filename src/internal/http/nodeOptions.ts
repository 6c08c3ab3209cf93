/**
 * The connection options of `NodeOperations`, and their validation.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Dispatcher, Pool } from "undici"
import { describeValue } from "../text.js"
import { proxyProblem } from "./proxy.js"
import { headersProblem } from "./requestHeaders.js"

/**
 * The connection options of a service. `NodeOperations.Options` documents them.
 *
 * @internal
 */
export interface ConnectionOptions {
  readonly connections?: number | undefined
  readonly gracefulShutdownTimeout?: Duration.DurationInput | undefined
  readonly pool?: Omit<Pool.Options, "connections" | "factory" | "headersTimeout" | "bodyTimeout"> | undefined
  readonly proxy?: "environment" | "none" | (string & {}) | Redacted.Redacted | undefined
  readonly dispatcher?: Dispatcher | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const isDuration = (input: unknown): boolean =>
  Option.isSome(Duration.decodeUnknown(input)) && !Number.isNaN(input) && !(Number.parseFloat(String(input)) < 0)

/**
 * Returns a message that names the first invalid option and its valid range. Returns `undefined` if all options are
 * valid. Never throws.
 *
 * @internal
 */
export const validate = (options: ConnectionOptions): string | undefined => {
  if (typeof options !== "object" || options === null) {
    return `the options of a service must be an object, not ${describeValue(options)}`
  }
  const { connections, dispatcher, gracefulShutdownTimeout, headers, pool, proxy } = options
  if (connections !== undefined && !(Number.isSafeInteger(connections) && connections >= 1)) {
    return `\`connections\` must be a whole number of at least 1, not ${describeValue(connections)}`
  }
  if (gracefulShutdownTimeout !== undefined && !isDuration(gracefulShutdownTimeout)) {
    return `\`gracefulShutdownTimeout\` must be a duration of at least 0, such as "5 seconds", not ${
      describeValue(gracefulShutdownTimeout)
    }`
  }
  if (pool !== undefined && (typeof pool !== "object" || pool === null)) {
    return `\`pool\` must be an object, not ${describeValue(pool)}`
  }
  if (dispatcher !== undefined) {
    if (typeof dispatcher?.dispatch !== "function") {
      return `\`dispatcher\` must be a dispatcher of undici 7, not ${describeValue(dispatcher)}`
    }
    const excluded = Object.entries({ connections, pool, proxy }).find(([, value]) => value !== undefined)
    if (excluded !== undefined) return `\`${excluded[0]}\` must not be set together with \`dispatcher\``
  }
  if (proxy !== undefined && proxy !== "environment" && proxy !== "none") {
    const problem = proxyProblem(proxy)
    if (problem !== undefined) return `\`proxy\` ${problem}`
    if (typeof pool?.connect === "function") return "`proxy` must not be a URL if `pool.connect` is a function"
  }
  return headers === undefined ? undefined : headersProblem(headers)
}
