/**
 * Defines command options: how their values are parsed, and how help and completions show them.
 *
 * `@effect/cli` parses the values. However, it treats unknown and repeated options as arguments, so `strictly` checks
 * all words of a command line first.
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Terminal from "@effect/platform/Terminal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { stripVTControlCharacters } from "node:util"
import { closest } from "./api.js"

/** A command option whose value has the type `A`. */
export interface Flag<A> {
  readonly name: string
  readonly alias?: string | undefined
  /** The placeholder for the value in help. Options without a placeholder take no value. */
  readonly value?: string | undefined
  /** The possible values, if there are only a few. */
  readonly choices?: ReadonlyArray<string> | undefined
  /** Whether the value is a file path. */
  readonly isFile?: boolean | undefined
  /** Whether the option can be repeated. */
  readonly isRepeated?: boolean | undefined
  readonly summary: string
  readonly options: Options.Options<A>
}

/** The options of a command, by the names that the command's code uses. */
export type Flags = Readonly<Record<string, Flag<unknown>>>

/** The option values. */
export type ValuesOf<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer A> ? A : never }

/** Reports an invalid command line. */
export class UsageError {
  readonly _tag = "UsageError"
  readonly message: string
  readonly command: string | undefined

  constructor(message: string, command?: string) {
    this.message = message
    this.command = command
  }
}

/** Defines an option that takes no value. */
export const onOff = (name: string, summary: string, alias?: string): Flag<boolean> => ({
  name,
  alias,
  summary,
  options: Options.boolean(name)
})

/**
 * Defines an option that takes a value. If the value is invalid, `read` returns a `Left` that describes a valid value.
 * The text continues a sentence that begins with the option name.
 */
export const valued = <A>(
  name: string,
  value: string,
  summary: string,
  read: (text: string) => Either.Either<A, string>,
  more: { readonly choices?: ReadonlyArray<string>; readonly isFile?: boolean } = {}
): Flag<A | undefined> => ({
  name,
  value,
  summary,
  ...more,
  options: Options.text(name).pipe(
    Options.mapEffect((text) =>
      Either.mapLeft(read(text), (problem) => ValidationError.invalidValue(HelpDoc.p(`--${name} ${problem}`)))
    ),
    Options.optional,
    Options.map(Option.getOrUndefined)
  )
})

/** Defines an option that takes a value and can be repeated. */
export const repeated = (
  name: string,
  value: string,
  summary: string
): Flag<ReadonlyArray<string> | undefined> => ({
  name,
  value,
  summary,
  isRepeated: true,
  options: Options.text(name).pipe(
    Options.repeated,
    Options.map((texts) => texts.length === 0 ? undefined : texts)
  )
})

/** Defines an option that takes one of a few values. */
export const choice = <A>(
  name: string,
  value: string,
  summary: string,
  values: Readonly<Record<string, A>>
): Flag<A | undefined> => {
  const choices = Object.keys(values)
  return valued(
    name,
    value,
    summary,
    (text) =>
      Object.hasOwn(values, text) ? Either.right(values[text]!) : Either.left(`must be one of ${choices.join(", ")}`),
    { choices }
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// Command lines
// ---------------------------------------------------------------------------------------------------------------------

interface Words {
  /** The options in the form that `@effect/cli` expects, in which each value is a separate word. */
  readonly options: ReadonlyArray<string>
  /** The options in the form in which another command line can contain them. */
  readonly again: ReadonlyArray<string>
  readonly args: ReadonlyArray<string>
}

/** Splits the words of a command line into options and arguments, and rejects all other words. */
const strictly = (
  words: ReadonlyArray<string>,
  flags: ReadonlyArray<Flag<unknown>>
): Either.Either<Words, string> => {
  const options: Array<string> = []
  const again: Array<string> = []
  const args: Array<string> = []
  const seen = new Set<string>()
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    if (word === "--") {
      args.push(...words.slice(index + 1))
      break
    }
    if (!word.startsWith("-") || word === "-") {
      args.push(word)
      continue
    }
    const [, given = word, inline] = /^(--[^=]*)=(.*)$/s.exec(word) ?? []
    const flag = flags.find(({ alias, name }) =>
      given === `--${name}` || (alias !== undefined && given === `-${alias}`)
    )
    if (flag === undefined) {
      const like = closest(given, flags.map(({ name }) => `--${name}`))
      return Either.left(`unknown option ${given}.${like === undefined ? "" : ` Did you mean ${like}?`}`)
    }
    if (seen.has(flag.name) && flag.isRepeated !== true) return Either.left(`--${flag.name} is given twice`)
    seen.add(flag.name)
    options.push(`--${flag.name}`)
    if (flag.value === undefined) {
      again.push(`--${flag.name}`)
      if (inline !== undefined) return Either.left(`--${flag.name} takes no value`)
      continue
    }
    const value = inline ?? words[++index]
    if (value === undefined || (inline === undefined && /^-./.test(value))) {
      return Either.left(`--${flag.name} needs a value: --${flag.name}=${flag.value}`)
    }
    // `@effect/cli` treats an empty value of a repeated option as no value.
    if (value === "") return Either.left(`--${flag.name} must not be empty`)
    options.push(value)
    again.push(...(value.startsWith("-") ? [`--${flag.name}=${value}`] : [`--${flag.name}`, value]))
  }
  return Either.right({ options, again, args })
}

// Options do not read files or prompt the user, so these services do nothing.
const nothing = Layer.mergeAll(
  FileSystem.layerNoop({}),
  Path.layer,
  Layer.succeed(Terminal.Terminal, {
    columns: Effect.succeed(80),
    rows: Effect.succeed(24),
    isTTY: Effect.succeed(false),
    readInput: Effect.never,
    readLine: Effect.never,
    display: () => Effect.void
  })
)

const config = CliConfig.make({ isCaseSensitive: true })

const textOf = ({ error }: ValidationError.ValidationError): string =>
  stripVTControlCharacters(HelpDoc.toAnsiText(error)).trim()

// Creates a record that maps each flag key to its option value.
const optionsOf = <F extends Flags>(flags: F): Options.Options<ValuesOf<F>> =>
  Options.map(
    Options.all(Object.fromEntries(Object.entries(flags).map(([key, { options }]) => [key, options]))),
    (values) => values as ValuesOf<F>
  )

/** The parsed words after the command name. */
export interface Line<F extends Flags, C extends Flags> {
  readonly values: ValuesOf<F>
  readonly common: ValuesOf<C>
  readonly args: ReadonlyArray<string>
  /** The options as words, from which the same command line can be written again. */
  readonly options: ReadonlyArray<string>
}

/**
 * Parses the words after the command name: the command's options, the common options, and the arguments.
 */
export const read = <F extends Flags, C extends Flags>(
  words: ReadonlyArray<string>,
  flags: F,
  common: C
): Effect.Effect<Line<F, C>, UsageError> =>
  Effect.gen(function*() {
    const { again, args, options } = yield* strictly(words, Object.values({ ...flags, ...common }))
    const all = Options.all({ values: optionsOf(flags), common: optionsOf(common) })
    const [problem, rest, read] = yield* Options.processCommandLine(all, options, config)
    if (Option.isSome(problem)) return yield* Effect.fail(textOf(problem.value))
    if (rest.length > 0) return yield* Effect.fail(`unexpected ${rest[0]}`)
    return { args, options: again, ...read }
  }).pipe(
    Effect.mapError((problem) => new UsageError(typeof problem === "string" ? problem : textOf(problem))),
    Effect.provide(nothing)
  )
