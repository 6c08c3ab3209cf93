import * as Schema from "effect/Schema"

/**
 * A script that the emulator does not accept, because of something that the types cannot exclude: a negative duration, a
 * header with a line break, a status out of range. Nothing of such a script is kept.
 *
 * @since 0.4.0
 * @category errors
 * @example
 * ```ts
 * import * as OperationsEmulator from "effect-google-operations/OperationsEmulator"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const emulator = OperationsEmulator.make()
 *   const error = yield* Effect.flip(emulator.script("operations/a", [{ type: "pending", times: 0 }]))
 *   console.log(error.message) // "steps[0].times: Expected a positive number, actual 0"
 * })
 * ```
 */
export class ScriptError extends Schema.TaggedError<ScriptError>("effect-google-operations/ScriptError")(
  "ScriptError",
  {
    /** What is wrong, and where. */
    message: Schema.String
  }
) {}
