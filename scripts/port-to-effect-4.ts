// Renames what Effect 4 calls by another name, in the files and folders that are given:
//
//   npx tsx scripts/port-to-effect-4.ts src test examples && npx dprint fmt
//
// It knows the names that this package uses and its way of writing (deep imports, each under the module's name), and
// nothing of TypeScript. CONTRIBUTING.md says what is left to do. No check needs it; it goes when the port is done.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"

// Applied in this order, to whole names.
const names: Readonly<Record<string, string>> = {
  "Either.right": "Result.succeed",
  "Either.left": "Result.fail",
  "Either.mapLeft": "Result.mapError",
  "Either.isLeft": "Result.isFailure",
  "Either.isRight": "Result.isSuccess",
  "Either.filterOrLeft": "Result.filterOrFail",
  "Either.Either": "Result.Result",
  "Layer.scoped": "Layer.effect",
  "Layer.unwrapEffect": "Layer.unwrap",
  "Effect.fork": "Effect.forkChild",
  "Effect.forkDaemon": "Effect.forkDetach",
  "Effect.catchAllCause": "Effect.catchCause",
  "Effect.catchAllDefect": "Effect.catchDefect",
  "Effect.catchAll": "Effect.catch",
  "Effect.tapErrorCause": "Effect.tapCause",
  "Effect.zipRight": "Effect.andThen",
  "Effect.either": "Effect.result",
  "Effect.async": "Effect.callback",
  "Effect.mapInputContext": "Effect.updateContext",
  "Effect.Effect.Error": "Effect.Error",
  "Effect.Effect.Success": "Effect.Success",
  "Effect.Effect.Context": "Effect.Services",
  "Stream.Stream.Error": "Stream.Error",
  "Stream.Stream.Success": "Stream.Success",
  "Stream.unwrapScoped": "Stream.unwrap",
  "Stream.paginateEffect": "Stream.paginate",
  "Stream.catchAll": "Stream.catch",
  "Duration.DurationInput": "Duration.Input",
  "Duration.decode": "Duration.fromInputUnsafe",
  "DateTime.unsafeMake": "DateTime.makeUnsafe",
  "unsafeCurrentTimeMillis": "currentTimeMillisUnsafe",
  // `currentTimeNanos` of Effect 4 is the wall clock's.
  "unsafeCurrentTimeNanos": "monotonicTimeNanosUnsafe",
  "Deferred.unsafeDone": "Deferred.doneUnsafe",
  "Fiber.RuntimeFiber": "Fiber.Fiber",
  "Cause.failureOption": "Cause.findErrorOption",
  "Cause.isInterruptedOnly": "Cause.hasInterruptsOnly",
  "Cause.isInterrupted": "Cause.hasInterrupts",
  "Cause.isDie": "Cause.hasDies",
  "Exit.isInterrupted": "Exit.hasInterrupts",
  "Scope.extend": "Scope.provide",
  "HttpBody.unsafeJson": "HttpBody.jsonUnsafe",
  "bodyUnsafeJson": "bodyJsonUnsafe",
  "Headers.currentRedactedNames": "Headers.CurrentRedactedNames",
  "Schema.decodeUnknownEither": "Schema.decodeUnknownResult",
  "Schema.decodeEither": "Schema.decodeResult",
  "Schema.decodeUnknown": "Schema.decodeUnknownEffect",
  "Schema.parseJson": "Schema.fromJsonString",
  "Schema.DurationFromSelf": "Schema.Duration",
  "Schema.BigIntFromSelf": "Schema.BigInt",
  // `DateTimeUtc` of Effect 4 is the value, not its text.
  "Schema.DateTimeUtc": "Schema.DateTimeUtcFromString",
  "Schema.Object": "Schema.ObjectKeyword",
  "Schema.NonNegative": "Schema.Number.check(Schema.isGreaterThanOrEqualTo(0))",
  "ParseResult.isParseError": "Schema.isSchemaError",
  "Config.redacted": "Config.Redacted",
  "Config.string": "Config.String",
  "it.scopedLive": "it.live",
  "it.scoped": "it.effect"
}

const patterns: ReadonlyArray<readonly [RegExp, string]> = [
  // Modules
  [/"@effect\/platform\/(Cookies|FetchHttpClient|Headers|Http\w+|UrlParams)"/g, "\"effect/http/$1\""],
  [/"effect\/TestClock"/g, "\"effect/testing/TestClock\""],
  [/"effect\/FastCheck"/g, "\"fast-check\""],
  [/"effect\/Either"/g, "\"effect/Result\""],
  [/import type \{ ParseError \} from "effect\/ParseResult"/g, "import type { SchemaError } from \"effect/Schema\""],
  [/\bParseError\b/g, "SchemaError"],
  [/import type \{ ConfigError \} from "effect\/ConfigError"\n/g, ""],
  [/import (?:type )?\* as FiberId from "effect\/FiberId"\n/g, ""],
  // Forms
  [/(?<!\.)\bConfigError(?=[,>])/g, "Config.ConfigError"],
  // By the names that results have here; others have edges on the left and on the right.
  [/(?<=\b(?:answer|joined|policy|request|result)(?:\.result)?)\.left\b/g, ".failure"],
  [/(?<=\b(?:answer|joined|policy|request|result)(?:\.result)?)\.right\b/g, ".success"],
  [/(?<=\* as )Either\b|\bEither(?=\.\w)/g, "Result"],
  [/\bonLeft\b/g, "onFailure"],
  [/\bonRight\b/g, "onSuccess"],
  [/(_tag(?: ===|,) )"Left"/g, "$1\"Failure\""],
  [/(_tag(?: ===|,) )"Right"/g, "$1\"Success\""],
  [/Context\.Tag\(("[^"]+")\)<\s*(\w+),\s*([\w.]+)\s*>\(\)/g, "Context.Service<$2, $3>()($1)"],
  [/\bEffect\.yieldNow\(\)/g, "Effect.yieldNow"],
  [/\bEffect\.gen\(this, /g, "Effect.gen({ self: this }, "],
  [/\bEffect\.dieMessage\((.*?)\)/g, "Effect.die(new Error($1))"],
  [/\bDeferred\.unsafeMake<(\w+)>\(FiberId\.none\)/g, "Deferred.makeUnsafe<$1>()"],
  [/\bunsafeInterruptAsFork\(FiberId\.none\)/g, "interruptUnsafe()"],
  [/\.unsafePoll\(\) ([=!])== null/g, ".pollUnsafe() $1== undefined"],
  [/\(yield\* Fiber\.poll\((.+?)\)\)\._tag, "None"/g, "$1.pollUnsafe(), undefined"],
  [/\bSchedule\.intersect\((.+), (Schedule\.recurs\(\w+\))\)/g, "Schedule.max([$1, $2])"],
  [/\bSchedule\.intersect\((Schedule\.recurs\(\w+\))\)/g, "(self) => Schedule.max([self, $1])"],
  [/\bSchedule\.upTo\(("[^"]+"|\d+)\)/g, "Schedule.upTo({ duration: $1 })"],
  [/\bSchema\.Schema</g, "Schema.Codec<"],
  [/\bSchema\.Record\(\{ key: ([^,]+), value: ([^}]+) \}\)/g, "Schema.Record($1, $2)"],
  [/\bSchema\.Literal\(\.\.\.(\w+)\)/g, "Schema.Literals($1)"],
  [/\bSchema\.Literal\(("[^()]*", "[^()]*")\)/g, "Schema.Literals([$1])"],
  [/\.pipe\(Schema\.pattern\((.*?\/s?)\)\)/g, ".check(Schema.isPattern($1))"],
  [/\.pipe\(Schema\.positive\(\)\)/g, ".check(Schema.isGreaterThan(0))"],
  [/(?<=\))\.annotations\(/g, ".annotate("]
]

const escaped = (name: string): string => name.replaceAll(".", "\\.")

const rules = [
  ...Object.entries(names).map(([from, to]) => {
    const before = from.includes(".") ? "(?<![\\w.])" : "(?<!\\w)"
    return [new RegExp(`${before}${escaped(from)}\\b`, "g"), to] as const
  }),
  ...patterns
]

const filesIn = (path: string): ReadonlyArray<string> =>
  statSync(path).isDirectory()
    ? readdirSync(path).flatMap((name) => filesIn(join(path, name)))
    : path.endsWith(".ts")
    ? [path]
    : []

let replaced = 0
for (const file of process.argv.slice(2).flatMap(filesIn)) {
  const before = readFileSync(file, "utf8")
  const after = rules.reduce((text, [pattern, replacement]) => {
    replaced += text.match(pattern)?.length ?? 0
    return text.replace(pattern, replacement)
  }, before)
  if (after !== before) writeFileSync(file, after)
}
console.log(`${replaced} replaced`)
