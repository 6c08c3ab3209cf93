/**
 * undici connection pools that record for each connection whether it has received a response, and that can close all of
 * their sockets.
 */
import { Socket } from "node:net"
import type { Dispatcher } from "undici"
// Bun replaces the module "undici" with its own module, which lacks `dispatch`. It does not replace the package's entry
// file.
import { buildConnector, Client, EnvHttpProxyAgent, Pool } from "undici/index.js"
import type { ConnectionOptions } from "./nodeOptions.js"
import type { Proxy } from "./proxy.js"

/**
 * A connection to the origin.
 *
 * @internal
 */
export interface Connection {
  readonly socket: Socket
  readonly isHttp2: boolean
  /** Whether the connection can carry several requests at the same time, because it uses HTTP/2 or pipelining. */
  readonly isShared: boolean
  /** Whether the connection has received a response. */
  hasServed: boolean
}

/**
 * The options of a `dispatch` call. If the pool was created by this file, the client that accepts the request sets
 * `exchange.client` to itself.
 *
 * @internal
 */
export interface DispatchOptions extends Dispatcher.DispatchOptions {
  readonly exchange: { client: TrackedClient | undefined }
}

/**
 * An undici client, which has at most one connection at a time.
 *
 * @internal
 */
export class TrackedClient extends Client {
  readonly #current: { connection?: Connection }

  constructor(origin: string | URL, options: Client.Options, sockets: Sockets) {
    const current: { connection?: Connection } = {}
    super(origin, {
      ...options,
      connect: sockets.tracking(options.connect, (socket) => {
        const isHttp2 = "alpnProtocol" in socket && socket.alpnProtocol === "h2"
        const isShared = isHttp2 || (options.pipelining ?? 1) > 1
        current.connection = { socket, isHttp2, isShared, hasServed: false }
      })
    })
    this.#current = current
  }

  /** The client's current connection. */
  get connection(): Connection | undefined {
    return this.#current.connection
  }

  override dispatch(
    options: Dispatcher.DispatchOptions & Partial<DispatchOptions>,
    handler: Dispatcher.DispatchHandler
  ): boolean {
    if (options.exchange !== undefined) options.exchange.client = this
    return super.dispatch(options, handler)
  }
}

// undici's HTTP/2 client throws if a socket closes without an error.
const closed = new Error("closed")

/**
 * Tracks the open sockets, because destroying a pool does not close all of them. If a connection attempt fails, undici
 * removes the client from the pool, but the client may still connect later. Also, undici does not abort connection
 * attempts in progress.
 */
class Sockets {
  readonly #open = new Set<Socket>()
  #isClosed = false

  #add(socket: Socket): void {
    if (socket.closed || this.#open.has(socket)) return
    this.#open.add(socket)
    socket.on("error", () => {}).once("close", () => this.#open.delete(socket))
    if (this.#isClosed) socket.destroy(closed)
  }

  /** Returns a connector that adds its sockets to this object, and calls `onConnect` with each connected socket. */
  tracking(connect: Client.Options["connect"], onConnect: (socket: Socket) => void): buildConnector.connector {
    const connector = typeof connect === "function" ? connect : buildConnector(connect)
    return (options, callback) => {
      const connecting: unknown = connector(options, (...[error, socket]) => {
        if (!socket) return callback(error ?? closed, null)
        this.#add(socket)
        if (this.#isClosed) return callback(closed, null)
        onConnect(socket)
        callback(null, socket)
      })
      if (connecting instanceof Socket) this.#add(connecting)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(
      [...this.#open].map((socket) => new Promise((resolve) => socket.once("close", resolve).destroy(closed)))
    )
  }
}

/**
 * A dispatcher, and a function that closes its connections.
 *
 * @internal
 */
export interface ConnectionPool {
  readonly dispatcher: Pick<Dispatcher, "dispatch">
  readonly close: () => Promise<void>
}

/**
 * Creates a pool for an origin. If an option is invalid, throws undici's error.
 *
 * @internal
 */
export const makePool = (
  origin: string,
  proxy: Proxy | undefined,
  { connections = 64, pool = {} }: ConnectionOptions
): ConnectionPool => {
  const sockets = new Sockets()
  const options = { ...pool, connections }
  const connectTimeout = pool.connectTimeout ?? 10_000
  const trackedPool = (origin: string | URL, options: Pool.Options) =>
    new Pool(origin, { ...options, factory: (origin, options) => new TrackedClient(origin, options, sockets) })
  // The pool creates its clients on demand. This client is created only to report invalid options now.
  void new Client(origin, options)
  const dispatcher = proxy === undefined ? trackedPool(origin, options) : new EnvHttpProxyAgent({
    ...options,
    httpProxy: proxy.url,
    httpsProxy: proxy.url,
    noProxy: proxy.except,
    ...(proxy.authorization === undefined ? undefined : { token: proxy.authorization }),
    factory: trackedPool,
    // Connections to the proxy, for `CONNECT` requests. The response to `CONNECT` must arrive before the connect
    // timeout.
    clientFactory: (origin, options) => trackedPool(origin, { ...options, headersTimeout: connectTimeout }),
    proxyTls: { timeout: connectTimeout },
    // Connections through the proxy to the origin.
    requestTls: {
      allowH2: pool.allowH2 ?? false,
      maxCachedSessions: pool.maxCachedSessions ?? null,
      timeout: connectTimeout,
      ...(typeof pool.connect === "object" ? pool.connect : undefined)
    }
  })
  return {
    dispatcher,
    close: async () => {
      await dispatcher.destroy()
      await sockets.close()
    }
  }
}
