/**
 * Decides which requests may reach an emulator on a socket. A page of another site in a browser on the same machine
 * must not reach it: the page could script the emulator, and read the requests of programs.
 */
import { error, type Reply } from "./reply.js"

/** @internal */
export interface Allowed {
  /** Additional names of this server, besides the names of the loopback interface. */
  readonly hosts: ReadonlySet<string>
  /** Whether any IP address is accepted as the name of this server. */
  readonly allAddresses: boolean
  /** Origins whose pages may send requests and read the responses. */
  readonly origins: ReadonlySet<string>
}

type Headers = Readonly<Record<string, string>>

const isIpAddress = (hostname: string): boolean => /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+\])$/i.test(hostname)

/**
 * Tells whether a name or an address can be reached only from this machine.
 *
 * @internal
 */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
  /^127(?:\.\d{1,3}){3}$/.test(hostname)

// The name in a Host header, without the port.
const hostnameOf = (host: string): string => host.replace(/:\d*$/, "").toLowerCase()

const refused = (message: string): Reply => error({ code: "PERMISSION_DENIED", message })

const quote = (text: string): string => JSON.stringify(text.slice(0, 200))

/**
 * The response to a request that must not reach the emulator. Undefined if the request is allowed.
 *
 * A browser sends the `Origin` of a page with each request that the page could read or that is not a GET, and
 * `Sec-Fetch-Site` with the other requests. It sends the name in the page's URL as `Host`, whatever address a foreign
 * DNS server returned for that name.
 *
 * @internal
 */
export const refusal = (headers: Headers, { allAddresses, hosts, origins }: Allowed): Reply | undefined => {
  const { host = "", origin, "sec-fetch-site": site } = headers
  const hostname = hostnameOf(host)
  if (!isLoopback(hostname) && !hosts.has(hostname) && !(allAddresses && isIpAddress(hostname))) {
    return refused(
      `The emulator does not serve the host ${quote(host)}. To serve it, start the emulator with that host name.`
    )
  }
  if (origin !== undefined && !origins.has(origin)) {
    return refused(
      `The emulator does not accept requests from pages of ${quote(origin)}. To accept them, start it with that origin.`
    )
  }
  return origin === undefined && (site === "cross-site" || site === "same-site")
    ? refused("The emulator does not accept requests from pages of other origins.")
    : undefined
}

/**
 * The headers with which a page of an allowed origin can read a response.
 *
 * @internal
 */
export const corsHeaders = (headers: Headers): Headers =>
  headers["origin"] === undefined ? {} : {
    "access-control-allow-origin": headers["origin"],
    "access-control-expose-headers": "*",
    vary: "Origin"
  }

/**
 * The response to the preflight request of a browser. Undefined for another request.
 *
 * @internal
 */
export const preflight = (method: string, headers: Headers): Reply | undefined => {
  const requested = headers["access-control-request-method"]
  if (method !== "OPTIONS" || requested === undefined || headers["origin"] === undefined) return undefined
  return {
    status: 204,
    headers: {
      "access-control-allow-methods": requested,
      "access-control-allow-headers": headers["access-control-request-headers"] ?? "",
      "access-control-allow-private-network": "true",
      "access-control-max-age": "600"
    },
    body: ""
  }
}
