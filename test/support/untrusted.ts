import * as FastCheck from "effect/FastCheck"

/** Any UTF-16 code units. `unit: "binary"` of fast-check takes 200 ms to make, and has no lone surrogates. */
export const anyText = (maxLength = 10): FastCheck.Arbitrary<string> =>
  FastCheck.string({ unit: FastCheck.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength })

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

const deepHere = "<deep>"
const wideHere = "<wide>"

/** A value of nested arrays or objects, made without recursion. */
export const nested = (levels: number, kind: "arrays" | "objects" = "objects"): unknown =>
  JSON.parse(
    kind === "arrays"
      ? `${"[".repeat(levels)}${"]".repeat(levels)}`
      : `${"{\"a\":".repeat(levels - 1)}{}${"}".repeat(levels - 1)}`
  )

const types = ["ErrorInfo", "RetryInfo", "QuotaFailure", "Help", "Novelty"]

const knownKeys = "_tag @type __proto__ constructor toString toJSON length value name done error metadata response " +
  "operations nextPageToken code message status details errors reason domain retryDelay violations links"

const key = FastCheck.oneof(
  { weight: 8, arbitrary: FastCheck.constantFrom(...knownKeys.split(" ")) },
  { weight: 1, arbitrary: anyText() }
)

const primitive = FastCheck.oneof(
  FastCheck.constantFrom<Array<Json>>(null, true, false, "", deepHere, wideHere),
  FastCheck.constantFrom(0, -0, 1, 5, 1.5, -1, 16, 17, 404, 503, 2 ** 31, 2 ** 53, 1e308, -1e308, 5e-324),
  FastCheck.constantFrom(...types, ...types.map((type) => `type.googleapis.com/google.rpc.${type}`)),
  FastCheck.constantFrom(
    "UNAVAILABLE",
    "OK",
    "NOPE",
    "5",
    "1.5s",
    "abc",
    "\ud800",
    "\udfff\ud800",
    "\u2028\r\n\u001b[31m"
  ),
  FastCheck.constantFrom("Pending", "Failed", "a".repeat(10_000)),
  anyText()
)

const { value } = FastCheck.letrec<{ value: Json }>((tie) => ({
  value: FastCheck.oneof(
    { maxDepth: 5, withCrossShrink: true },
    { weight: 3, arbitrary: primitive },
    { weight: 2, arbitrary: FastCheck.array(tie("value"), { maxLength: 4 }) },
    {
      weight: 4,
      arbitrary: FastCheck.array(FastCheck.tuple(key, tie("value")), { maxLength: 7 }).map((entries) =>
        // As JSON.parse does: a field "__proto__" is a field.
        Object.fromEntries(entries)
      )
    }
  )
}))

// Something like what a server sends, so that the decoders get beyond their first check.
const likely = FastCheck.record({
  name: FastCheck.oneof(value, FastCheck.string()),
  done: FastCheck.oneof(value, FastCheck.boolean()),
  metadata: value,
  response: value,
  error: FastCheck.oneof(
    value,
    FastCheck.record({
      code: FastCheck.oneof(value, FastCheck.integer({ min: 0, max: 600 })),
      message: FastCheck.oneof(value, FastCheck.string()),
      status: value,
      errors: value,
      details: FastCheck.array(value, { maxLength: 4 })
    }, { requiredKeys: [] })
  )
}, { requiredKeys: [] })

/** What a server may send: any JSON, with placeholders for what is too deep or too wide for fast-check to print. */
export const untrusted: FastCheck.Arbitrary<unknown> = FastCheck.oneof(value, likely)

/** The value that is meant: with 5,000 levels and 2,500 elements where the placeholders are. */
export const filled = (json: unknown): unknown =>
  JSON.parse(
    JSON.stringify(json)
      .replaceAll(JSON.stringify(deepHere), () => `${"{\"a\":[".repeat(2_500)}${"]}".repeat(2_500)}`)
      .replaceAll(JSON.stringify(wideHere), () => `[${Array.from({ length: 2_500 }, () => "{}").join(",")}]`)
  )
