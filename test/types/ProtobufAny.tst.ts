import type * as Operation from "effect-google-operations/Operation"
import * as ProtobufAny from "effect-google-operations/ProtobufAny"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import { pipe } from "effect/Function"
import * as Option from "effect/Option"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { describe, expect, test } from "tstyche"

declare const any: ProtobufAny.ProtobufAny
// An operation may have none.
declare const response: Operation.Succeeded["response"]
declare const u: unknown

class Policy extends Schema.Class<Policy>("Policy")({ name: Schema.String }) {}
class Keys extends Context.Tag("Keys")<Keys, ReadonlyArray<string>>() {}
declare const NeedsKeys: Schema.Schema<Policy, string, Keys>

describe("unpack", () => {
  test("infers from the schema, data first", () => {
    expect(ProtobufAny.unpack(any, { schema: Policy })).type.toBe<Either.Either<Policy, ParseError>>()
    expect(ProtobufAny.unpack(any, { schema: Schema.Date, typeName: "google.protobuf.Timestamp" })).type.toBe<
      Either.Either<Date, ParseError>
    >()
  })

  test("infers from the schema, data last", () => {
    expect(ProtobufAny.unpack({ schema: Policy })).type.toBe<
      (self: ProtobufAny.ProtobufAny) => Either.Either<Policy, ParseError>
    >()
    expect(pipe(any, ProtobufAny.unpack({ schema: Schema.Date, typeName: "google.protobuf.Timestamp" }))).type.toBe<
      Either.Either<Date, ParseError>
    >()
  })

  test("goes into Effect as it is", () => {
    expect(Effect.flatMap(Effect.succeed(any), ProtobufAny.unpack({ schema: Policy }))).type.toBe<
      Effect.Effect<Policy, ParseError>
    >()
    expect(Effect.gen(function*() {
      return yield* ProtobufAny.unpack(any, { schema: Policy })
    })).type.toBe<Effect.Effect<Policy, ParseError>>()
    expect(Option.some(any).pipe(Option.map(ProtobufAny.unpack({ schema: Policy })))).type.toBe<
      Option.Option<Either.Either<Policy, ParseError>>
    >()
  })

  test("takes a message and a schema that needs nothing", () => {
    expect(ProtobufAny.unpack).type.toBeCallableWith(any, { schema: Policy, typeName: undefined })
    expect(ProtobufAny.unpack).type.toBeCallableWith({ schema: Policy, typeName: undefined })
    expect(ProtobufAny.unpack).type.not.toBeCallableWith(any, { schema: NeedsKeys })
    expect(ProtobufAny.unpack).type.not.toBeCallableWith({ schema: NeedsKeys })
    expect(ProtobufAny.unpack).type.not.toBeCallableWith(any, Policy)
    expect(ProtobufAny.unpack).type.not.toBeCallableWith(any, { typeName: "a.B" })
    expect(ProtobufAny.unpack).type.not.toBeCallableWith(any, { schema: Policy, typename: "a.B" })
    expect(ProtobufAny.unpack).type.not.toBeCallableWith(response, { schema: Policy })
    expect(ProtobufAny.unpack).type.not.toBeCallableWith(u, { schema: Policy })
  })
})

describe("an Any", () => {
  test("has unknown fields beside its type", () => {
    expect(any["@type"]).type.toBe<string | undefined>()
    expect(any["title"]).type.toBe<unknown>()
    expect(any._tag).type.toBe<undefined>()
  })

  test("is any object whose type is a string", () => {
    expect<{ readonly "@type": string; readonly title: string }>().type.toBeAssignableTo<ProtobufAny.ProtobufAny>()
    expect(ProtobufAny.typeName).type.toBeCallableWith({})
    expect<{ readonly "@type": number }>().type.not.toBeAssignableTo<ProtobufAny.ProtobufAny>()
    expect<{ readonly _tag: "ErrorInfo" }>().type.not.toBeAssignableTo<ProtobufAny.ProtobufAny>()
    expect<string>().type.not.toBeAssignableTo<ProtobufAny.ProtobufAny>()
    expect<ReadonlyArray<string>>().type.not.toBeAssignableTo<ProtobufAny.ProtobufAny>()
  })

  test("has a guard and a schema", () => {
    if (ProtobufAny.isProtobufAny(u)) expect(u).type.toBe<ProtobufAny.ProtobufAny>()
    expect(ProtobufAny.ProtobufAny).type.toBe<Schema.Schema<ProtobufAny.ProtobufAny>>()
  })

  test("is taken apart and put together", () => {
    expect(ProtobufAny.typeName(any)).type.toBe<string>()
    expect(ProtobufAny.message(any)).type.toBe<unknown>()
    expect(ProtobufAny.pack("a.B", { title: "t" })).type.toBe<ProtobufAny.ProtobufAny>()
    expect(ProtobufAny.pack).type.not.toBeCallableWith({ title: "t" })
  })
})
