/**
 * Detects whether a service is used by a Cloudflare Worker request other than the one that used it first. In Workers,
 * timers and responses belong to the request that created them, and end with that request. A service that several
 * requests use would therefore hang.
 */

/** A class that exists only in Cloudflare Workers. */
interface WorkerGlobal {
  readonly WebSocketPair?: (new() => { readonly 0: { readonly readyState: number } }) | undefined
}

/** @internal */
export class WorkerRequest {
  // Workers provide no request identifier. However, they throw if a socket is used outside the request that created it.
  readonly #pair = (globalThis as WorkerGlobal).WebSocketPair
  #socket: { readonly readyState: number } | undefined

  /** Whether the caller runs in a different request than the first caller. Always false in other runtimes. */
  isAnother(): boolean {
    if (this.#pair === undefined) return false
    if (this.#socket === undefined) {
      try {
        this.#socket = new this.#pair()[0]
      } catch {
        // Outside of request handlers, Workers allow neither sockets nor outgoing requests.
        return false
      }
    }
    try {
      return this.#socket.readyState === undefined
    } catch {
      return true
    }
  }
}
