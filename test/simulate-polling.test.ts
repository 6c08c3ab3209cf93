import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type Client, otherClients, ourClients, ours } from "../scripts/polling/clients.js"
import { plot } from "../scripts/polling/plot.js"
import {
  durations,
  type Estimate,
  type Figures,
  type Row,
  simulate,
  simulateAll
} from "../scripts/polling/simulation.js"
import { clients, defaults, parseOptions, render } from "../scripts/simulate-polling.js"

const root = fileURLToPath(new URL("..", import.meta.url))

// What the docs are made of.
let rows: ReadonlyArray<Row> = []
beforeAll(async () => {
  rows = await Effect.runPromise(simulateAll(clients, defaults))
}, 60_000)

const figuresOf = (name: string, duration: keyof typeof durations): Figures =>
  rows.find(({ client }) => client.name === name)!.figures[duration]

const named = (name: string): Client => clients.find((client) => client.name === name)!

describe("the simulation", () => {
  const settings = { runs: 300, seed: 20_261_123 }

  // An earlier simulation by somebody else, of 4000 runs each: delay in seconds / polls. It counted the answer that starts
  // an operation as a poll of Java's, and its jitter went beyond the cap.
  const proportional = (fraction: number, min: number, max: number, jitter: number): Client =>
    ours("", Polling.proportional({ fraction, min, max: max * (1 + jitter), jitter }))
  const reference: ReadonlyArray<readonly [string, Client, string]> = [
    ["Rust", named("Rust"), "0.8/1 1.0/2 5.0/4 17.9/6 29.8/10 30.4/35"],
    ["Node", named("Node"), "0.0/3 0.4/9 1.7/15 7.9/21 29.5/28 29.8/53"],
    ["Java", { ...named("Java"), pollsAtOnce: true }, "2.4/2 2.3/2 5.0/4 14.5/8 15.0/19 15.2/85"],
    ["Python", named("Python"), "0.5/2 1.0/4 3.6/8 6.8/13 6.8/37 6.7/187"],
    ["Python, async", named("Python, async"), "0.5/2 1.7/4 7.2/6 20.6/9 20.3/17 20.4/67"],
    ["Go", named("Go"), "0.5/2 1.7/4 7.2/6 20.6/9 20.3/17 20.4/67"],
    ["gcloud", named("gcloud"), "0.8/1 1.5/2 1.5/4 13.8/9 69/14 89/22"],
    ["Terraform", named("Terraform"), "9.8/2 8.0/2 5.0/3 5.0/8 5.0/31 5.0/181"],
    ["15 %, 0.5 s to 30 s", proportional(0.15, 500, 30_000, 0.15), "0.3/2 0.3/5 0.7/16 4.5/29 15.1/41 15.1/91"],
    ["10 %, 1 s to 20 s", proportional(0.1, 1000, 20_000, 0.15), "0.8/2 0.5/3 0.5/11 2.9/30 10.1/48 10.0/123"],
    ["5 %, 0.25 s to 30 s", proportional(0.05, 250, 30_000, 0.1), "0.1/2 0.1/10 0.2/36 1.5/72 7.5/105 15.0/160"]
  ]
  it.effect.each(reference)(
    "gives the figures of the reference for %s",
    ([, client, expected]) =>
      Effect.gen(function*() {
        for (const [index, seconds] of [0.2, 2, 10, 60, 300, 1800].entries()) {
          const [delay, polls] = expected.split(" ")[index]!.split("/")
          const figures = yield* simulate(client, seconds, settings)
          // What it was rounded by, and chance on both sides.
          const near = (what: string, { error, mean }: Estimate, figure: string, rounding: number) =>
            assert.approximately(mean, Number(figure), rounding + 4 * error, `${what} of ${seconds} s`)
          near("delay", figures.delay, delay!, delay!.includes(".") ? 0.05 : 0.5)
          near("polls", figures.polls, polls!, 0.5)
        }
      })
  )

  it.effect("is the same for the same seed", () =>
    Effect.gen(function*() {
      const once = yield* simulate(named("Go"), 10, { runs: 20, seed: 1 })
      assert.deepStrictEqual(yield* simulate(named("Go"), 10, { runs: 20, seed: 1 }), once)
      assert.notDeepEqual(yield* simulate(named("Go"), 10, { runs: 20, seed: 2 }), once)
    }))

  it.effect("computes its standard errors", () =>
    Effect.gen(function*() {
      const means = yield* Effect.forEach(
        Array.from({ length: 200 }, (_, seed) => seed),
        (seed) => simulate(named("Go"), 10, { runs: 50, seed })
      )
      for (const which of ["delay", "polls"] as const) {
        const middle = means.reduce((sum, figures) => sum + figures[which].mean, 0) / means.length
        const deviation = Math.sqrt(
          means.reduce((sum, figures) => sum + (figures[which].mean - middle) ** 2, 0) / means.length
        )
        const told = means.reduce((sum, figures) => sum + figures[which].error, 0) / means.length
        assert.approximately(told / deviation, 1, 0.2, which)
      }
    }))

  it.effect("refuses a schedule that ends before the operation", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(simulate(ours("short", Schedule.recurs(3)), 1, settings))
      assert.isTrue(Exit.isFailure(exit))
      assert.include(String(exit), "short ends before the operation")
    }))
})

describe("the default schedule", () => {
  // By more than chance explains.
  const isBelow = (one: Estimate, other: Estimate, deviations = 5): boolean =>
    one.mean + deviations * Math.hypot(one.error, other.error) < other.mean

  it.each(["Go", "Rust", "Java", "Python", "Python, async"])(
    "detects operations of 10 s and of 60 s sooner than %s",
    (other) => {
      for (const duration of ["10 s", "60 s"] as const) {
        const mine = figuresOf("Polling.defaultSchedule", duration)
        assert.isTrue(isBelow(mine.delay, figuresOf(other, duration).delay, other === "Python" ? 3 : 5), duration)
      }
    }
  )

  it("makes fewer polls than Python's synchronous client from 5 minutes on", () => {
    for (const duration of ["5 min", "30 min", "1 h"] as const) {
      const mine = figuresOf("Polling.defaultSchedule", duration).polls
      const theirs = figuresOf("Python", duration).polls
      assert.isTrue(isBelow(mine, theirs), duration)
      assert.isBelow(mine.mean, theirs.mean * 0.97, duration)
    }
  })

  it("detects operations of a second or less within half a second", () => {
    for (const duration of ["0.1 s", "1 s"] as const) {
      const { delay } = figuresOf("Polling.defaultSchedule", duration)
      assert.isTrue(isBelow(delay, { mean: 0.5, error: 0 }), duration)
    }
  })

  it("makes fewer polls than Node's at 10 s, and more than any other", () => {
    const mine = figuresOf("Polling.defaultSchedule", "10 s").polls
    for (const { name } of otherClients) {
      const theirs = figuresOf(name, "10 s").polls
      assert.isTrue(name === "Node" ? isBelow(mine, theirs) : isBelow(theirs, mine), name)
    }
  })

  it("is proportional with its defaults", () => {
    assert.strictEqual(named("Polling.defaultSchedule").schedule, Polling.defaultSchedule)
  })
})

describe("the docs", () => {
  const page = readFileSync(`${root}docs/polling.md`, "utf8")
  const svg = readFileSync(`${root}docs/polling.svg`, "utf8")

  it.effect("have the tables and the plot of npm run simulate-polling -- --write", () =>
    Effect.gen(function*() {
      const rendered = yield* render(page, rows)
      assert.strictEqual(rendered.page, page)
      assert.strictEqual(rendered.svg, svg)
    }))

  it.effect("are refused if they have no place for a table", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(render(page.replace("simulate-polling: clients", ""), rows))
      assert.strictEqual(error.message, "docs/polling.md has no part clients")
    }))

  it("label every schedule of the plot, on a white background, and no label overlaps a label or a symbol", () => {
    assert.match(svg, /^<svg [^>]*>\n<rect [^>]*fill="white"\/>\n/)
    const panels = [
      ...svg.matchAll(/class="mark-symbol role-mark"([^]*?)<\/g>\n<g class="mark-text role-mark"([^]*?)<\/g>/g)
    ]
    assert.lengthOf(panels, 2)
    for (const [, symbols, texts] of panels) {
      const boxes = [
        ...Array.from(symbols!.matchAll(/translate\(([\d.]+),([\d.]+)\)/g), ([, x, y]) => ({
          content: "a symbol",
          left: Number(x) - 6,
          right: Number(x) + 6,
          top: Number(y) - 6,
          bottom: Number(y) + 6
        })),
        ...Array.from(
          texts!.matchAll(/text-anchor="(\w+)" transform="translate\(([\d.]+),([\d.]+)\)"[^>]* opacity="1">([^<]+)</g),
          ([, anchor, x, y, content]) => {
            const width = content!.length * 7.2
            const left = Number(x) - (anchor === "start" ? 0 : anchor === "end" ? width : width / 2)
            return { content: content!, left, right: left + width, top: Number(y) - 9, bottom: Number(y) + 2 }
          }
        )
      ]
      for (const { name } of clients) {
        assert.lengthOf(boxes.filter(({ content }) => content.split("; ").includes(name)), 1, name)
      }
      for (const [index, one] of boxes.entries()) {
        assert.isAtLeast(one.left, 0, one.content)
        assert.isAtMost(one.right, 700, one.content)
        for (const other of boxes.slice(index + 1)) {
          const isApart = one.right <= other.left || other.right <= one.left || one.bottom <= other.top ||
            other.bottom <= one.top
          assert.isTrue(isApart, `${one.content} and ${other.content}`)
        }
      }
    }
  })

  it.effect("are not drawn if a label has no space", () =>
    Effect.gen(function*() {
      const marks = Array.from({ length: 80 }, (_, index) => ({
        label: `schedule ${index}`,
        kind: "other" as const,
        polls: 10 + index / 1000,
        delay: 10 + index / 1000
      }))
      const error = yield* Effect.flip(Effect.tryPromise(() => plot("", [], [{ title: "", marks }])))
      assert.match(String(error.cause), /The plot has no place for the label schedule/)
    }))
})

describe.concurrent("npm run simulate-polling", () => {
  const run = async (...args: ReadonlyArray<string>) => {
    const child = spawn(process.execPath, ["--import", "tsx", "scripts/simulate-polling.ts", ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"]
    })
    const output = { stdout: "", stderr: "" }
    child.stdout.on("data", (chunk) => output.stdout += chunk)
    child.stderr.on("data", (chunk) => output.stderr += chunk)
    const [code] = await once(child, "close")
    return { code: code as number | null, ...output }
  }

  it("prints a table with additional schedules", async () => {
    const { code, stderr, stdout } = await run(
      "--runs=2",
      "--spaced=5",
      "--proportional=0.2,0.5,30,0.15",
      "--exponential=1,1.5",
      "--spaced=60,0.1"
    )
    assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
    const [title, blank, ...lines] = stdout.split("\n")
    assert.match(title!, /^Mean detection delay in seconds \/ mean number of polls/)
    assert.strictEqual(blank, "")
    const table = lines.slice(0, lines.indexOf(""))
    const [head, , ...body] = table.map((line) => line.split("|").map((cell) => cell.trim()))
    assert.deepStrictEqual(head!.slice(2, -1), Object.keys(durations))
    assert.deepStrictEqual(
      body.map(([, name]) => name),
      [
        ...ourClients.map(({ name }) => name),
        "proportional 0.2,0.5,30,0.15",
        "exponential 1,1.5",
        "spaced 5",
        "spaced 60,0.1",
        ...otherClients.map(({ name }) => name)
      ]
    )
    assert.strictEqual(new Set(table.map(({ length }) => length)).size, 1, "aligned")
    // A trial with the default options has the figures of the default.
    const figures = (of: string) => body.find(([, name]) => name === of)!.slice(2).join(" ")
    assert.strictEqual(figures("proportional 0.2,0.5,30,0.15"), figures("Polling.defaultSchedule"))
    assert.strictEqual(figures("exponential 1,1.5"), figures("Polling.exponential()"))
    assert.strictEqual(figures("spaced 5"), figures("Polling.spaced(\"5 seconds\")"))
    assert.match(
      lines.at(-2)!,
      /^Each cell is the mean of 2 runs with seed 1. The standard error is at most \d+\.\d % of the mean delay and /
    )
  }, 60_000)

  it("prints its usage", async () => {
    const { code, stderr, stdout } = await run("--help", "--write")
    assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
    assert.match(stdout, /^usage: npm run simulate-polling -- /)
    for (const option of ["--runs", "--seed", "--proportional", "--exponential", "--spaced", "--write"]) {
      assert.include(stdout, option)
    }
  }, 60_000)

  it("prints a usage error on one line", async () => {
    const { code, stderr, stdout } = await run("--seed", "-1")
    assert.deepStrictEqual({ code, stdout }, { code: 1, stdout: "" })
    assert.strictEqual(stderr, "simulate-polling: Option '--seed' argument is ambiguous; see --help\n")
  }, 60_000)
})

it.effect.each(
  [
    [["--verbose"], /Unknown option '--verbose'/],
    [["10"], /Unexpected argument '10'/],
    [["--seed"], /'--seed <value>' argument missing/],
    [["--seed", "-1"], /'--seed' argument is ambiguous;/],
    [["--seed=1.5"], /--seed must be a whole number from 0: "1\.5"/],
    [["--runs=1"], /--runs must be a whole number from 2: "1"/],
    [["--runs=\n"], /--runs must be a whole number from 2/],
    [["--spaced=0"], /Polling: interval must be a finite duration above zero/],
    [["--spaced=1,0.1,2"], /--spaced does not take "1,0\.1,2"/],
    [["--exponential=1,0.5"], /Polling: factor must be from 1 to 1000/],
    [["--proportional=a"], /--proportional does not take "a"/],
    [["--proportional=0.1,,2"], /--proportional does not take "0\.1,,2"/],
    [["--write", "--seed=2"], /--write takes no other option/]
  ] as const
)("%j is refused in one line", ([args, message]) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(parseOptions(args))
    assert.match(error.message, message)
    assert.match(error.message, /^[^\n]+; see --help$/)
  }))
