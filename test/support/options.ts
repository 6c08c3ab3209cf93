// Options that are out of range, and the error that refuses them.
import { assert } from "@effect/vitest"
import type * as HttpError from "effect-google-operations/HttpError"
import * as Schedule from "effect/Schedule"

/** Values of an option that are out of range. */
export interface OutOfRange<Options> {
  /** The name of the option in the error. */
  readonly option: string
  /** What the error says that the option must be. */
  readonly must: string
  /** Those that have the type of the option. */
  readonly typed: ReadonlyArray<Options>
  /** Those that only JavaScript can pass. */
  readonly untyped?: ReadonlyArray<Readonly<Record<string, unknown>>>
}

export const show = (options: unknown): string =>
  JSON.stringify(
    options,
    (_, value: unknown) =>
      typeof value === "number" && !Number.isFinite(value) || value === undefined || typeof value === "bigint"
        ? String(value)
        : value
  )

/** The same option with each of these values. */
export const each = (
  option: string,
  ...values: ReadonlyArray<unknown>
): ReadonlyArray<Readonly<Record<string, unknown>>> => values.map((value) => ({ [option]: value }))

export const allOf = <Options>({ typed, untyped = [] }: OutOfRange<Options>): ReadonlyArray<Options> => [
  ...typed,
  ...untyped as ReadonlyArray<never>
]

/** Fails unless the error names the option and its range. */
export const assertRefused = (
  error: HttpError.HttpError,
  { must, option }: Pick<OutOfRange<unknown>, "must" | "option">,
  what: string
): void => {
  assert.strictEqual(error.reason, "InvalidRequest", what)
  assert.isFalse(error.isTransient, what)
  assert.include(error.message, option, what)
  assert.include(error.message, must, what)
  assert.notInclude(error.message, "\n", what)
}

export const notSchedules = [null, 5, "1 second", {}, () => Schedule.forever] as const

/** What the option must be, and then values that are out of range. */
export type Values = readonly [must: string, ...values: ReadonlyArray<unknown>]
