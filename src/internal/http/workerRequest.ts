/**
 * The request of a Cloudflare Worker that a service belongs to. Timers and responses belong to the request that created
 * them, and end with it. A service that several requests use would hang.
 */

/** A class that exists only in Cloudflare Workers. */
interface WorkerGlobal {
  readonly WebSocketPair?: (new() => { readonly 0: { readonly readyState: number } }) | undefined
}

/** @internal */
export class WorkerRequest {
  // Workers have no identifier of a request. But they throw if a socket is used in another request than its own.
  readonly #pair = (globalThis as WorkerGlobal).WebSocketPair
  #socket: { readonly readyState: number } | undefined

  /** Whether the caller is in another request than the first caller. Always false in other runtimes. */
  isAnother(): boolean {
    if (this.#pair === undefined) return false
    if (this.#socket === undefined) {
      try {
        this.#socket = new this.#pair()[0]
      } catch {
        // Outside requests, Workers allow neither sockets nor requests to a server.
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
