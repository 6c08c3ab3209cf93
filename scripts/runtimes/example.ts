/**
 * Tests examples/browser in Chromium: clicks its buttons, and reads the text of the page.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Readable, Writable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Result } from "./scenario.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

type Send = (method: string, params: object, sessionId?: string) => Promise<Readonly<Record<string, unknown>>>

/** The DevTools protocol over two pipes. Each message is JSON and ends with a zero byte. */
const devTools = (input: Writable, output: Readable): Send => {
  const waiting = new Map<unknown, (message: Readonly<Record<string, unknown>>) => void>()
  let text = ""
  output.setEncoding("utf8").on("data", (chunk: string) => {
    const messages = (text + chunk).split("\0")
    text = messages.pop() ?? ""
    for (const message of messages) {
      const { id, result }: { readonly id?: number; readonly result?: Readonly<Record<string, unknown>> } = JSON.parse(
        message
      )
      waiting.get(id)?.(result ?? {})
    }
  })
  let last = 0
  return (method, params, sessionId) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve)
      input.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`)
    })
}

const isLoaded = `location.protocol === "http:" && document.readyState === "complete"`

// Runs in the page. Clicks a button, and waits until the page shows a state.
const script = `async (button, state) => {
  document.getElementById(button).click()
  const shown = () => [...document.querySelectorAll("#states li")].map(({ textContent }) => textContent)
  for (let tries = 0; tries < 300 && !shown().some((text) => text.includes(state)); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return shown().join(", ")
}`

const expected = {
  complete:
    "operations/1: 0 %, operations/1: 20 %, operations/1: 55 %, operations/1: 90 %, backups/nightly is complete",
  started: "operations/2: 0 %",
  cancelled: "operations/2: 0 %, cancelled"
}

const stop = async (child: ChildProcess): Promise<void> => {
  const ended = new Promise((resolve) => child.once("exit", resolve))
  if (child.exitCode === null && child.kill()) await ended
}

/** Starts Chromium with these arguments, and returns the results of the example. */
export const tryExample = async (chromium: string, args: ReadonlyArray<string>): Promise<ReadonlyArray<Result>> => {
  const server = spawn(process.execPath, ["--import", "tsx", "examples/browser/serve.ts"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"]
  })
  const browser = spawn(chromium, [...args, "--remote-debugging-pipe"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"]
  })
  try {
    let url: string | undefined
    for await (const line of createInterface(server.stdout)) {
      url = /^Open (\S+)\./.exec(line)?.[1]
      if (url !== undefined) break
    }
    const [, , , input, output] = browser.stdio
    if (url === undefined || !(input instanceof Writable) || !(output instanceof Readable)) {
      throw new Error("the example does not start")
    }
    const send = devTools(input, output)
    const { targetId } = await send("Target.createTarget", { url })
    const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true })
    const evaluate = async (expression: string): Promise<unknown> => {
      const params = { expression, awaitPromise: true, returnByValue: true }
      const { result } = await send("Runtime.evaluate", params, String(sessionId))
      return result instanceof Object && "value" in result ? result.value : undefined
    }
    const press = (button: string, state: string): Promise<unknown> =>
      evaluate(`(${script})(${JSON.stringify(button)}, ${JSON.stringify(state)})`)

    for (let tries = 0; tries < 300 && await evaluate(isLoaded) !== true; tries++) await sleep(50)
    const complete = await press("start", "complete")
    const started = await press("start", "operations/2")
    const cancelled = await press("cancel", "cancelled")
    const shown = JSON.stringify({ complete, started, cancelled })
    return [{
      step: "examples/browser starts, follows and cancels operations",
      problem: shown === JSON.stringify(expected) ? undefined : `the page shows ${shown}`
    }]
  } finally {
    await stop(browser)
    await stop(server)
  }
}
