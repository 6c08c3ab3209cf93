import { assert, describe, it } from "@effect/vitest"
import { getCurrentVersion } from "effect/ModuleVersion"
import { readFileSync } from "node:fs"
import { headersProblem, requestHeaders, userAgentHeaders } from "../src/internal/http/requestHeaders.js"
import { version } from "../src/internal/version.js"

// Runs a function while `process.versions` has another value.
const withVersions = <A>(versions: object | undefined, run: () => A): A => {
  const descriptor = Object.getOwnPropertyDescriptor(process, "versions")!
  Object.defineProperty(process, "versions", { ...descriptor, value: versions })
  try {
    return run()
  } finally {
    Object.defineProperty(process, "versions", descriptor)
  }
}

describe("the headers of every request", () => {
  const client = `effect-google-operations/${version} effect/${getCurrentVersion()}`
  const { node } = process.versions

  it("name this package, Effect and Node", () => {
    assert.deepStrictEqual(userAgentHeaders(), {
      "user-agent": `${client} node/${node}`,
      "x-goog-api-client": `gl-node/${node} ${client}`
    })
    assert.strictEqual(headersProblem(userAgentHeaders()), undefined)
  })

  it("name Bun or Deno, and no runtime elsewhere", () => {
    assert.deepStrictEqual(withVersions({ node, bun: "1.4.5" }, userAgentHeaders), {
      "user-agent": `${client} bun/1.4.5`,
      "x-goog-api-client": `gl-bun/1.4.5 ${client}`
    })
    assert.deepStrictEqual(withVersions({ node, deno: "2.9.6" }, userAgentHeaders), {
      "user-agent": `${client} deno/2.9.6`,
      "x-goog-api-client": `gl-deno/2.9.6 ${client}`
    })
    assert.deepStrictEqual(withVersions(undefined, userAgentHeaders), { "x-goog-api-client": client })
  })

  it("name the version of package.json", () => {
    const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
    assert.strictEqual((manifest as { readonly version: string }).version, version)
  })

  it("contain those of the option `headers`, which take precedence", () => {
    const { "x-goog-api-client": apiClient, ...rest } = requestHeaders({
      "X-Goog-User-Project": "p",
      "User-Agent": "mine/1"
    })
    assert.deepStrictEqual(rest, {
      "accept-encoding": "identity",
      "x-goog-user-project": "p",
      "user-agent": "mine/1"
    })
    assert.strictEqual(apiClient, userAgentHeaders()["x-goog-api-client"])
    assert.deepStrictEqual(requestHeaders(undefined), { "accept-encoding": "identity", ...userAgentHeaders() })
  })
})

describe("the option `headers`", () => {
  it.each([
    [{ "a b": "c" }, "`headers` must not have \"a b\": it is not the name of a header"],
    [{ "": "c" }, "`headers` must not have \"\": it is not the name of a header"],
    [{ "ä": "c" }, "`headers` must not have \"ä\": it is not the name of a header"],
    [
      { a: "b\r\nc: d" },
      "`headers` must not have \"a\": its value must be a string of visible Latin-1 characters, spaces and tabs"
    ],
    [
      { a: "€" },
      "`headers` must not have \"a\": its value must be a string of visible Latin-1 characters, spaces and tabs"
    ],
    [
      { a: 1 },
      "`headers` must not have \"a\": its value must be a string of visible Latin-1 characters, spaces and tabs"
    ],
    [{ a: "b", A: "c" }, "`headers` must not have \"A\": it is set twice"],
    [{ Authorization: "Bearer x" }, "`headers` must not have \"Authorization\": the option `credentials` sets it"],
    [{ "x-goog-api-key": "x" }, "`headers` must not have \"x-goog-api-key\": the option `credentials` sets it"],
    [{ "proxy-authorization": "x" }, "`headers` must not have \"proxy-authorization\": the option `proxy` sets it"],
    [{ "Content-Length": "1" }, "`headers` must not have \"Content-Length\": the client sets it"],
    [
      { "accept-encoding": "gzip" },
      "`headers` must not have \"accept-encoding\": this package asks for responses without encoding"
    ],
    [["a"], "`headers` must be an object of names and values"],
    [null, "`headers` must be an object of names and values"]
  ])("%o is refused", (headers, problem) => {
    assert.strictEqual(headersProblem(headers), problem)
  })

  it("accepts every valid name and value", () => {
    assert.isUndefined(headersProblem({}))
    assert.isUndefined(headersProblem({ "X-Goog-User-Project": "p", "constructor": "a", "b": "\tä é~", "c": "" }))
  })
})
