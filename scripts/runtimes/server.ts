/**
 * The server of the scenario. It serves an API and the page for a browser. The name of an operation selects its
 * behaviour.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"

/** The requests for one operation that the server received. */
export interface Seen {
  /** When each request arrived, in ms. */
  readonly times: Array<number>
  /** How many connections the client closed before the response. */
  aborted: number
}

export interface Server {
  readonly origin: string
  /** The body of the next POST to `/report/RUN`. */
  readonly report: (run: string) => Promise<string>
  readonly close: () => void
}

const pending = (name: string, percent: number) => ({
  name,
  metadata: { "@type": "type.googleapis.com/example.Progress", percent },
  done: false
})

const succeeded = (name: string) => ({
  name,
  metadata: { "@type": "type.googleapis.com/example.Progress", percent: 100 },
  done: true,
  response: { "@type": "type.googleapis.com/example.Backup", title: "Grüße" }
})

const failed = (name: string) => ({
  name,
  done: true,
  error: {
    code: 8,
    message: "The quota is used up.",
    details: [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "RATE_LIMIT_EXCEEDED", domain: "example.com" },
      {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        violations: [{ subject: "project:p", description: "10 backups a day" }]
      }
    ]
  }
})

// A page of another origin may read the responses (CORS). Its requests may have one header that is not safelisted: with
// trace headers, a browser does not send them.
const cors = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "x-goog-api-client",
  "access-control-expose-headers": "retry-after"
}

const json = (response: ServerResponse, value: unknown, status = 200, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { ...cors, "content-type": "application/json", ...headers }).end(JSON.stringify(value))
}

/** The response to a poll of an operation. `poll` counts from 1. */
const behaviors: Readonly<Record<string, (response: ServerResponse, name: string, poll: number) => void>> = {
  get: (response, name) => json(response, pending(name, 10)),
  wait: (response, name, poll) =>
    poll === 1
      ? json(response, { error: { code: 503, message: "Later.", status: "UNAVAILABLE" } }, 503, { "retry-after": "1" })
      : json(response, poll === 2 ? pending(name, 50) : succeeded(name)),
  updates: (response, name, poll) => json(response, poll < 3 ? pending(name, poll * 10) : succeeded(name)),
  fails: (response, name) => json(response, failed(name)),
  redirect: (response, name) => json(response, {}, 302, { location: `/v1/${name.replace(/redirect$/, "elsewhere")}` }),
  elsewhere: (response, name) => json(response, succeeded(name)),
  cut: (response, name) => {
    const body = JSON.stringify(succeeded(name))
    response.writeHead(200, { ...cors, "content-type": "application/json", "content-length": body.length })
    response.write(body.slice(0, 20), () => response.destroy())
  },
  slow: (response, name, poll) => {
    const answer = () => json(response, poll < 3 ? pending(name, poll * 10) : succeeded(name))
    const timer = setTimeout(answer, 200)
    response.once("close", () => clearTimeout(timer))
  },
  never: () => {}
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

/** Starts a server on a free port of the loopback interface. */
export const startServer = async (script = ""): Promise<Server> => {
  const operations = new Map<string, Seen>()
  const reports = new Map<string, (report: string) => void>()
  const seen = (name: string): Seen => {
    const known = operations.get(name) ?? { times: [], aborted: 0 }
    operations.set(name, known)
    return known
  }
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost")
    const [, root = "", ...rest] = pathname.split("/")
    const name = rest.join("/")
    if (request.method === "OPTIONS") {
      response.writeHead(204, cors).end()
    } else if (root === "page") {
      response.writeHead(200, { "content-type": "text/html" })
        .end(
          "<!doctype html><meta charset=utf-8><title>check:runtimes</title><script type=module src=/script.js></script>"
        )
    } else if (root === "script.js") {
      response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" }).end(script)
    } else if (root === "seen") {
      json(response, seen(name))
    } else if (root === "report") {
      reports.get(name)?.(await bodyOf(request))
      json(response, {})
    } else {
      const behavior = root === "v1" ? behaviors[name.slice(name.lastIndexOf("/") + 1)] : undefined
      if (behavior === undefined) return json(response, {}, 404)
      const known = seen(name)
      known.times.push(performance.now())
      response.once("close", () => {
        if (!response.writableEnded) known.aborted++
      })
      behavior(response, name, known.times.length)
    }
  }
  const server = createServer((request, response) => {
    respond(request, response).catch((cause: unknown) => response.destroy(new Error("the server failed", { cause })))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the server has no port")
  return {
    origin: `http://127.0.0.1:${address.port}`,
    report: (run) => new Promise((resolve) => reports.set(run, resolve)),
    close: () => {
      server.close()
      server.closeAllConnections()
    }
  }
}
