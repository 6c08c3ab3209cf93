/**
 * Connection pools of undici that know their connections: which of them have served a response before, and which are open.
 */
import { Socket } from "node:net"
import type { Dispatcher } from "undici"
// Bun puts a module of its own in place of "undici" that cannot dispatch; the package's entry file works everywhere.
import { buildConnector, Client, EnvHttpProxyAgent, Pool } from "undici/index.js"
import type { ConnectionOptions } from "./nodeOptions.js"
import type { Proxy } from "./proxy.js"

/**
 * One connection to the origin.
 *
 * @internal
 */
export interface Connection {
  readonly socket: Socket
  /** Whether requests share it at the same time: HTTP/2, or pipelining. */
  readonly isShared: boolean
  /** Whether a response has arrived over it. */
  hasServed: boolean
}

/**
 * What is dispatched. A client of a pool made here sets `exchange.client` to itself when it takes the request.
 *
 * @internal
 */
export interface DispatchOptions extends Dispatcher.DispatchOptions {
  readonly exchange: { client: TrackedClient | undefined }
}

/**
 * A client, thus at most one connection at a time.
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
        const isShared = ("alpnProtocol" in socket && socket.alpnProtocol === "h2") || (options.pipelining ?? 1) > 1
        current.connection = { socket, isShared, hasServed: false }
      })
    })
    this.#current = current
  }

  /** The connection that the client sends requests over. */
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

// Without an error, undici's HTTP/2 client throws when a socket closes.
const closed = new Error("closed")

/**
 * The open sockets. Destroying a pool does not reach all of them: undici forgets a client whose connection failed, and lets
 * a connection attempt run on.
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

  /** A connector that adds its sockets here and tells `onConnect` when one is connected. */
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
 * A dispatcher, and what gives its connections back.
 *
 * @internal
 */
export interface ConnectionPool {
  readonly dispatcher: Pick<Dispatcher, "dispatch">
  readonly close: () => Promise<void>
}

/**
 * Makes a pool for an origin. Throws undici's error for an option that it refuses.
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
  // A pool makes its clients later; this one finds options that they refuse.
  void new Client(origin, options)
  const dispatcher = proxy === undefined ? trackedPool(origin, options) : new EnvHttpProxyAgent({
    ...options,
    httpProxy: proxy.url,
    httpsProxy: proxy.url,
    noProxy: proxy.except,
    ...(proxy.authorization === undefined ? undefined : { token: proxy.authorization }),
    factory: trackedPool,
    // The connection to the proxy, over which `CONNECT` is sent. Its answer is part of connecting.
    clientFactory: (origin, options) => trackedPool(origin, { ...options, headersTimeout: connectTimeout }),
    proxyTls: { timeout: connectTimeout },
    // The connection through the proxy.
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
