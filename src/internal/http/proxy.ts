/**
 * Finds the proxy for a connection pool, from the `proxy` option or from the environment through Effect's `Config`.
 * Error messages do not contain the proxy URL, because it can contain a password.
 */
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { isLoopback } from "./loopback.js"

/**
 * A proxy, and the hosts that bypass it.
 *
 * @internal
 */
export interface Proxy {
  /** The URL without the user name and password. */
  readonly url: string
  /** The value of the `proxy-authorization` header. */
  readonly authorization: string | undefined
  /** The hosts that bypass the proxy, in `NO_PROXY` format. */
  readonly except: string
}

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)))

// Parses a proxy URL. As in curl, `host:port` means `http://host:port`.
const parse = (value: string): Either.Either<Omit<Proxy, "except">, string> => {
  try {
    const url = new URL(/^[a-z][-+.a-z0-9]*:\/\//i.test(value) ? value : `http://${value}`)
    if (url.protocol === "http:" || url.protocol === "https:") {
      const user = decodeURIComponent(url.username)
      const password = decodeURIComponent(url.password)
      return Either.right({
        url: url.origin,
        authorization: user === "" && password === "" ? undefined : `Basic ${base64(`${user}:${password}`)}`
      })
    }
  } catch {
    // The original error is dropped, because it contains the URL.
  }
  return Either.left("is not the URL of an HTTP proxy; expected one like \"http://user:password@proxy.example:3128\"")
}

const parseOption = (proxy: unknown): Either.Either<Omit<Proxy, "except">, string> => {
  const value = Redacted.isRedacted(proxy) ? Redacted.value(proxy) : proxy
  return parse(typeof value === "string" ? value : "")
}

/**
 * Returns a description of the problem if the URL in the `proxy` option is invalid.
 *
 * @internal
 */
export const proxyProblem = (proxy: unknown): string | undefined =>
  Option.getOrUndefined(Either.getLeft(parseOption(proxy)))

interface Variable {
  readonly name: string
  readonly value: string
}

const named = (name: string): Config.Config<Variable> =>
  Config.map(Config.redacted(name), (value) => ({ name, value: Redacted.value(value) }))

// As in undici and curl, the lower-case name takes precedence, and an empty variable means that no proxy is used.
const variable = (name: string): Config.Config<Variable | undefined> =>
  named(name.toLowerCase()).pipe(
    Config.orElse(() => named(name)),
    Config.option,
    Config.map(Option.filter(({ value }) => value.trim() !== "")),
    Config.map(Option.getOrUndefined)
  )

const variables = Config.all({
  http: variable("HTTP_PROXY"),
  https: variable("HTTPS_PROXY"),
  except: variable("NO_PROXY")
})

const fromEnvironment = (origin: string): Effect.Effect<Proxy | undefined, string> => {
  const { hostname, protocol } = new URL(origin)
  // As in Go's net/http, loopback addresses bypass the proxy, so a local emulator works without NO_PROXY.
  if (isLoopback(hostname)) return Effect.succeed(undefined)
  return variables.pipe(
    // Deno throws if the program has no permission to read the environment.
    Effect.sandbox,
    Effect.mapError((cause) =>
      `Could not read the variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY: ${
        Cause.prettyErrors(cause)[0]?.message
      }. Allow it, or set the option \`proxy\`.`
    ),
    Effect.flatMap(({ except, http, https }) => {
      const proxy = protocol === "https:" ? https ?? http : http
      return proxy === undefined ? Effect.succeed(undefined) : Either.mapBoth(parse(proxy.value), {
        onLeft: (problem) => `The variable ${proxy.name} ${problem}.`,
        onRight: (parsed): Proxy => ({ ...parsed, except: except?.value ?? "" })
      })
    })
  )
}

/**
 * Finds the proxy for an origin. Returns `undefined` if no proxy is used. Fails with a sentence that names the invalid
 * option or variable.
 *
 * @internal
 */
export const proxyFor = (
  proxy: string | Redacted.Redacted | undefined,
  origin: string
): Effect.Effect<Proxy | undefined, string> => {
  if (proxy === "none") return Effect.succeed(undefined)
  if (proxy === undefined || proxy === "environment") return fromEnvironment(origin)
  return Either.mapBoth(parseOption(proxy), {
    onLeft: (problem) => `The option \`proxy\` ${problem}.`,
    onRight: (parsed): Proxy => ({ ...parsed, except: "" })
  })
}
