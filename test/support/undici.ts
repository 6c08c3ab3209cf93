// What the tests of the transport over undici share.
import * as Effect from "effect/Effect"
import { certificate } from "./certificate.js"
import { eventually } from "./sockets.js"

export const tlsKeys = certificate("localhost")

/** Waits until the server has this number of open connections. */
export const isOpen = (server: { readonly openConnections: () => number }, count: number) =>
  eventually(`${count} open connections`, Effect.sync(() => server.openConnections() === count))
