/**
 * Returns whether a host name, as in `URL.hostname`, is a loopback address. Subdomains of `localhost` are not accepted,
 * because a DNS resolver can map them to any address.
 *
 * @internal
 */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)
