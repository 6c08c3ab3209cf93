/**
 * The request of a Cloudflare Worker that a service belongs to. Timers and responses belong to the request that made them, and
 * end with it. So a service that several requests use would wait forever.
 */

/** A constructor that only Cloudflare Workers have. */
interface WorkerGlobal {
  readonly WebSocketPair?: (new() => { readonly 0: { readonly readyState: number } }) | undefined
}

/** @internal */
export class WorkerRequest {
  // Workers have no name for a request. But they throw if another request than the one that made it uses a socket.
  readonly #pair = (globalThis as WorkerGlobal).WebSocketPair
  #socket: { readonly readyState: number } | undefined

  /** Whether the caller is in another request than the first caller. In all other runtimes it is not. */
  isAnother(): boolean {
    if (this.#pair === undefined) return false
    if (this.#socket === undefined) {
      try {
        this.#socket = new this.#pair()[0]
      } catch {
        // Outside of requests, Workers allow neither sockets nor requests to a server.
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
