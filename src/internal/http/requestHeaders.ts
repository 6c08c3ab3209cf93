/**
 * The headers that every request contains, from this package and from the `headers` option.
 */
import { getCurrentVersion } from "effect/ModuleVersion"
import { isRecord } from "effect/Predicate"
import { version } from "../version.js"

/**
 * Returns the headers that identify this package, Effect and the runtime with their versions: `user-agent` and Google's
 * `x-goog-api-client`. Browsers do not allow `user-agent`, so it is omitted there.
 *
 * @internal
 */
export const userAgentHeaders = (): Readonly<Record<string, string>> => {
  const versions: Readonly<Record<string, string | undefined>> = globalThis.process?.versions ?? {}
  const runtime = ["bun", "deno", "node"].find((name) => versions[name] !== undefined)
  const client = `effect-google-operations/${version} effect/${getCurrentVersion()}`
  return runtime === undefined ? { "x-goog-api-client": client } : {
    "user-agent": `${client} ${runtime}/${versions[runtime]}`,
    "x-goog-api-client": `gl-${runtime}/${versions[runtime]} ${client}`
  }
}

// RFC 9110, 5.6.2 and 5.5.
const token = /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/

// Headers that the option must not set, with the reason for each.
const reserved = new Map([
  ["accept-encoding", "this package asks for responses without encoding"],
  ["authorization", "the option `credentials` sets it"],
  ["connection", "the client sets it"],
  ["content-length", "the client sets it"],
  ["expect", "the client sets it"],
  ["host", "the client sets it"],
  ["keep-alive", "the client sets it"],
  ["proxy-authorization", "the option `proxy` sets it"],
  ["transfer-encoding", "the client sets it"],
  ["upgrade", "the client sets it"],
  ["x-goog-api-key", "the option `credentials` sets it"]
])

/**
 * Returns a description of the problem if the `headers` option is invalid. It does not quote header values, because
 * they can be secret.
 *
 * @internal
 */
export const headersProblem = (headers: unknown): string | undefined => {
  if (!isRecord(headers)) return "`headers` must be an object of names and values"
  const seen = new Set<string>()
  for (const [name, value] of Object.entries(headers)) {
    const lowerCase = name.toLowerCase()
    const problem = !token.test(name)
      ? "it is not the name of a header"
      : reserved.get(lowerCase) ?? (seen.has(lowerCase)
        ? "it is set twice"
        : typeof value !== "string" || !fieldValue.test(value)
        ? "its value must be a string of visible Latin-1 characters, spaces and tabs"
        : undefined)
    if (problem !== undefined) return `\`headers\` must not have ${JSON.stringify(name)}: ${problem}`
    seen.add(lowerCase)
  }
  return undefined
}

/**
 * Returns the headers for every request, by lower-case name. Headers from the option override this package's headers.
 * Browsers decode responses themselves and ignore `accept-encoding`.
 *
 * @internal
 */
export const requestHeaders = (
  headers: Readonly<Record<string, string>> | undefined
): Readonly<Record<string, string>> => ({
  "accept-encoding": "identity",
  ...userAgentHeaders(),
  ...Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
})
