/**
 * The options of `NodeOperations` for its connections, and their validation.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Dispatcher, Pool } from "undici"
import { describeValue } from "../text.js"
import { proxyProblem } from "./proxy.js"
import { headersProblem } from "./requestHeaders.js"

/**
 * The options of the service for its connections.
 *
 * @internal
 */
export interface ConnectionOptions {
  /** The largest number of connections. Further requests wait for a free connection. Default: 64. */
  readonly connections?: number | undefined
  /** How long `close` waits for requests in flight before it aborts them. Default: 1 second. */
  readonly gracefulShutdownTimeout?: Duration.DurationInput | undefined
  /** Other options of undici's `Pool`: TLS and client certificates (`connect`), keep-alive, HTTP/2. */
  readonly pool?: Omit<Pool.Options, "connections" | "factory" | "headersTimeout" | "bodyTimeout"> | undefined
  /**
   * The HTTP proxy to connect through. Default: `"environment"`.
   *
   * - `"environment"`: the proxy in `HTTPS_PROXY` or `HTTP_PROXY`, except for the hosts in `NO_PROXY`. These variables (or
   *   their lower-case forms) are read through Effect's `Config`. They do not apply to an API on a loopback address, nor if
   *   `pool.connect` is a function.
   * - `"none"`: no proxy.
   * - The URL of a proxy, such as `http://user:password@proxy.example:3128`. Use `Redacted` to keep the password from being
   *   printed.
   */
  readonly proxy?: "environment" | "none" | (string & {}) | Redacted.Redacted | undefined
  /**
   * A dispatcher of undici 7 to send the requests with, instead of a pool of the service: for example an `Agent`, a
   * `ProxyAgent` or a `MockAgent`. `close` does not close the dispatcher. If the server closes an idle connection at
   * the moment a request is sent on it, the request fails. With a pool of the service, that request is sent again.
   * Cannot be combined with `connections`, `pool` or `proxy`.
   */
  readonly dispatcher?: Dispatcher | undefined
  /** Additional headers for all requests. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const isDuration = (input: unknown): boolean =>
  Option.isSome(Duration.decodeUnknown(input)) && !Number.isNaN(input) && !(Number.parseFloat(String(input)) < 0)

/**
 * Returns which option is out of range, and its range. It never throws.
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
