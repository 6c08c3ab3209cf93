import * as OperationHandle from "effect-google-operations/OperationHandle"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { expect, test } from "tstyche"

declare const handle: OperationHandle.OperationHandle
declare const now: DateTime.Utc
declare const u: unknown

interface Json {
  readonly version: 1
  readonly name: string
  readonly api: { readonly baseUrl: string; readonly version: string }
  readonly startedAt: string
  readonly deadline?: string | undefined
  readonly responseType?: string | undefined
  readonly metadataType?: string | undefined
  readonly traceparent?: string | undefined
}

test("a handle has these fields", () => {
  expect<keyof OperationHandle.OperationHandle>().type.toBe<
    | "version"
    | "name"
    | "api"
    | "startedAt"
    | "deadline"
    | "responseType"
    | "metadataType"
    | "traceparent"
    | OperationHandle.TypeId
  >()
  expect(handle.version).type.toBe<1>()
  expect(handle.name).type.toBe<string>()
  expect(handle.api).type.toBe<{ readonly baseUrl: string; readonly version: string }>()
  expect(handle.startedAt).type.toBe<DateTime.Utc>()
  expect(handle.deadline).type.toBe<DateTime.Utc | undefined>()
  expect(handle.responseType).type.toBe<string | undefined>()
  expect(handle.metadataType).type.toBe<string | undefined>()
  expect(handle.traceparent).type.toBe<string | undefined>()
})

test("toJson gives what JSON holds", () => {
  expect(OperationHandle.toJson(handle)).type.toBe<Json>()
  expect(OperationHandle.toJson).type.not.toBeCallableWith("operations/a")
  expect([handle].map(OperationHandle.toJson)).type.toBe<Array<Json>>()
})

test("fromJson takes anything and gives a handle or a ParseError", () => {
  expect(OperationHandle.fromJson(u)).type.toBe<Either.Either<OperationHandle.OperationHandle, ParseError>>()
  expect(OperationHandle.fromJson).type.not.toBeCallableWith()
})

test("fromJson can be handed to forEach as it is", () => {
  expect(Effect.forEach([u], OperationHandle.fromJson)).type.toBe<
    Effect.Effect<Array<OperationHandle.OperationHandle>, ParseError>
  >()
})

test("it is its own schema", () => {
  expect<Schema.Schema.Type<typeof OperationHandle.OperationHandle>>().type.toBe<OperationHandle.OperationHandle>()
  expect<Schema.Schema.Encoded<typeof OperationHandle.OperationHandle>>().type.toBe<Json>()
  expect<Schema.Schema.Context<typeof OperationHandle.OperationHandle>>().type.toBe<never>()
  expect(Schema.Struct({ handle: OperationHandle.OperationHandle }).Type).type.toBe<{
    readonly handle: OperationHandle.OperationHandle
  }>()
})

test("a handle is made with what it needs, of a version that is known", () => {
  const api = { baseUrl: "https://example.com", version: "v1" }
  expect(OperationHandle.OperationHandle).type.toBeConstructableWith({ version: 1, name: "a", api, startedAt: now })
  expect(OperationHandle.OperationHandle).type.toBeConstructableWith({
    version: 1,
    name: "a",
    api,
    startedAt: now,
    deadline: undefined,
    responseType: undefined,
    metadataType: undefined
  })
  expect(OperationHandle.OperationHandle).type.not.toBeConstructableWith({
    version: 2,
    name: "a",
    api,
    startedAt: now
  })
  expect(OperationHandle.OperationHandle).type.not.toBeConstructableWith({ version: 1, name: "a", api })
})

test("isOperationHandle narrows", () => {
  if (OperationHandle.isOperationHandle(u)) expect(u).type.toBe<OperationHandle.OperationHandle>()
})
