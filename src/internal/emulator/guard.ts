/**
 * Decides which requests may reach an emulator on a socket. Requests from other sites' pages in a browser on the same
 * machine are rejected, because such a page could script the emulator and read the requests that programs send.
 */
import { error, type Reply } from "./reply.js"

/** @internal */
export interface Allowed {
  /** The host names of this server, in addition to the loopback names. */
  readonly hosts: ReadonlySet<string>
  /** Whether any IP address is accepted as the host name. */
  readonly allAddresses: boolean
  /** The origins whose pages may send requests and read the responses. */
  readonly origins: ReadonlySet<string>
}

type Headers = Readonly<Record<string, string>>

const isIpAddress = (hostname: string): boolean => /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+\])$/i.test(hostname)

/**
 * Returns whether a host name or address can be reached only from this machine.
 *
 * @internal
 */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
  /^127(?:\.\d{1,3}){3}$/.test(hostname)

// Returns the host name in a Host header, without the port.
const hostnameOf = (host: string): string => host.replace(/:\d*$/, "").toLowerCase()

const refused = (message: string): Reply => error({ code: "PERMISSION_DENIED", message })

const quote = (text: string): string => JSON.stringify(text.slice(0, 200))

/**
 * Returns the response to a request that must not reach the emulator, or `undefined` if the request is allowed.
 *
 * Browsers send the page's `Origin` with each request whose response the page could read, and with each request that is
 * not a GET. They send `Sec-Fetch-Site` with all other requests. The `Host` header contains the host name from the
 * page's URL, even if a malicious DNS server maps that name to this machine.
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
 * Returns the headers that allow a page from an allowed origin to read a response.
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
 * Returns the response to a browser's preflight request. Returns `undefined` for any other request.
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
