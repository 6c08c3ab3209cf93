/**
 * The options of `NodeOperations` for its connections, and their validation.
 */
import * as Duration from "effect/Duration"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Dispatcher, Pool } from "undici"
import { proxyProblem } from "./proxy.js"
import { headersProblem } from "./requestHeaders.js"

/**
 * How the service connects.
 *
 * @internal
 */
export interface ConnectionOptions {
  /** How many connections the pool may open; further requests wait for a free one. Default: 64. */
  readonly connections?: number | undefined
  /** How long requests in flight may take while the service closes. Default: 1 second. */
  readonly gracefulShutdownTimeout?: Duration.DurationInput | undefined
  /** Further settings of undici's pool: TLS, client certificates (`connect`), keep-alive, HTTP/2. */
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
   * A dispatcher of undici 7 that sends the requests instead of a pool of this service, such as an `Agent`, a `ProxyAgent`
   * or a `MockAgent`. `close` does not close it. If the server drops one of its idle connections just when a request is
   * sent, the request fails; with a pool of this service, it is sent again. Excludes `connections`, `pool` and `proxy`.
   */
  readonly dispatcher?: Dispatcher | undefined
  /** Further headers of every request, such as `x-goog-user-project`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const isDuration = (input: unknown): boolean =>
  Option.isSome(Duration.decodeUnknown(input)) && !Number.isNaN(input) && !(Number.parseFloat(String(input)) < 0)

/**
 * Returns which option is out of range, and its range. Never throws.
 *
 * @internal
 */
export const validate = (options: ConnectionOptions): string | undefined => {
  const { connections, dispatcher, gracefulShutdownTimeout, headers, pool, proxy } = options
  if (connections !== undefined && !(Number.isSafeInteger(connections) && connections >= 1)) {
    return `\`connections\` must be a whole number of at least 1, not ${Inspectable.toStringUnknown(connections)}`
  }
  if (gracefulShutdownTimeout !== undefined && !isDuration(gracefulShutdownTimeout)) {
    return `\`gracefulShutdownTimeout\` must be a duration of at least 0, such as "5 seconds", not ${
      Inspectable.toStringUnknown(gracefulShutdownTimeout)
    }`
  }
  if (dispatcher !== undefined) {
    if (typeof dispatcher?.dispatch !== "function") return "`dispatcher` must be a dispatcher of undici 7"
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
