/**
 * A forward proxy on a loopback address that supports `CONNECT` only.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { once } from "node:events"
import { createServer } from "node:http"
import * as net from "node:net"

export interface ConnectProxy {
  /** `127.0.0.1:3128` */
  readonly host: string
  /** The requested targets, such as `api.test:443`. */
  readonly targets: ReadonlyArray<string>
  /** How many connections are open, on both sides. */
  readonly openConnections: () => number
}

export interface ConnectProxyOptions {
  /** The local port that it connects to, whatever the target is. */
  readonly port: number
  /** The credentials that it requires, as `user:password`. */
  readonly credentials?: string
  /** The status of every response, such as `503 Service Unavailable`. If it is empty, the proxy does not respond. */
  readonly refuse?: string
}

export const connectProxy = (
  { credentials, port, refuse }: ConnectProxyOptions
): Effect.Effect<ConnectProxy, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const targets: Array<string> = []
      const open = new Set<net.Socket>()
      const track = <A extends net.Socket>(socket: A): A => {
        open.add(socket)
        return socket.on("error", () => {}).once("close", () => open.delete(socket))
      }
      const expected = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`
      const server = createServer((_, response) => response.writeHead(405).end())
      server.on("connection", track)
      server.on("connect", (request, client: net.Socket) => {
        targets.push(request.url!)
        if (refuse === "") return
        const isRefused = expected !== undefined && request.headers["proxy-authorization"] !== expected
        const status = refuse ?? (isRefused ? "407 Proxy Authentication Required" : undefined)
        if (status !== undefined) {
          client.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`)
          return
        }
        const upstream = track(net.connect(port, "127.0.0.1", () => {
          client.write("HTTP/1.1 200 Connection established\r\n\r\n")
          client.pipe(upstream).pipe(client)
        }))
        client.once("close", () => upstream.destroy())
        upstream.once("close", () => client.destroy())
      })
      await once(server.listen(0, "127.0.0.1"), "listening")
      return {
        host: `127.0.0.1:${(server.address() as net.AddressInfo).port}`,
        targets,
        openConnections: () => open.size,
        close: () => {
          for (const socket of open) socket.destroy()
          return new Promise((resolve) => server.close(resolve))
        }
      }
    }),
    ({ close }) => Effect.promise(close)
  )
