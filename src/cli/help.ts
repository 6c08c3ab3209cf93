/**
 * Generates help texts that fit a screen with 80 columns and 24 rows.
 */
import { type Args, type Command, help } from "./command.js"
import type { Flag } from "./flags.js"

const argsText = (args: Args | undefined): string =>
  args === undefined ? "" : args.max === 1 ? ` [${args.name}]` : ` ${args.name}…`

const indent = "  "

const rows = (entries: ReadonlyArray<readonly [left: string, right: string]>): ReadonlyArray<string> => {
  const columns = Math.max(...entries.map(([left]) => left.length))
  return entries.map(([left, right]) => `${indent}${left.padEnd(columns)}  ${right}`.trimEnd())
}

const flagText = ({ alias, name, value }: Flag<unknown>): string =>
  `${alias === undefined ? "" : `-${alias}, `}--${name}${value === undefined ? "" : ` ${value}`}`

/** Returns the help for the program. */
export const general = (
  commands: ReadonlyArray<Command>,
  { invocation, version }: { readonly invocation: string; readonly version: string }
): string =>
  [
    `Reads, awaits and cancels Google's long-running operations. Version ${version}.`,
    "",
    `Usage: ${invocation} COMMAND [ARGUMENT…] [OPTION…]`,
    "",
    ...rows(commands.map(({ args, name, summary }) => [`${name}${argsText(args)}`, summary])),
    "",
    ...rows([
      ["COMMAND --help", "Shows the options of a command"],
      ["--completions SHELL", "Prints completions for bash, zsh or fish"],
      ["--version", "Prints the version"]
    ]),
    "",
    "NAME is the URL of an operation, or its name with --api or --base-url.",
    "Credentials are Application Default Credentials, or GOOGLE_ACCESS_TOKEN.",
    "Exit codes: 0 succeeded, 1 an operation failed, 2 usage error, 3 unknown state,",
    "4 timeout, 130 interrupted."
  ].join("\n") + "\n"

/** Returns the help for one command. */
export const ofCommand = (
  { args, flags, name, notes, summary }: Command,
  { invocation }: { readonly invocation: string }
): string =>
  [
    `${summary}.`,
    "",
    `Usage: ${invocation} ${name}${argsText(args)} [OPTION…]`,
    "",
    ...rows([...Object.values(flags), help].map((flag) => [flagText(flag), flag.summary])),
    ...(notes.length === 0 ? [] : ["", ...notes])
  ].join("\n") + "\n"
