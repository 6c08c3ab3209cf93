/**
 * Whether a host, as `URL.hostname` has it, is this machine. Names below `localhost` do not count: a resolver may send them
 * anywhere.
 *
 * @internal
 */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)
