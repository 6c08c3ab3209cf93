/**
 * Tells whether a host, as in `URL.hostname`, is a loopback address. A subdomain of `localhost` is not a loopback
 * address, because a resolver can return any address for it.
 *
 * @internal
 */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)
