/**
 * Generates completion scripts for shells from the commands and their options. A completion script does not run the
 * program.
 */
import type { Command } from "./command.js"
import { help } from "./command.js"
import type { Flag } from "./flags.js"

/** The data from which a script is generated. */
export interface Completed {
  /** The program name. */
  readonly program: string
  readonly commands: ReadonlyArray<Command>
  /**
   * The values to suggest for options that define no choices, by option name. They are the same in all commands. For
   * example, the values for `api` are the API names in the catalog.
   */
  readonly values: Readonly<Record<string, ReadonlyArray<string>>>
}

export const shells = ["bash", "zsh", "fish"] as const

export type Shell = typeof shells[number]

const flagsOf = ({ flags }: Command): ReadonlyArray<Flag<unknown>> => [...Object.values(flags), help]

const valuesOf = (flag: Flag<unknown>, { values }: Completed): ReadonlyArray<string> =>
  flag.choices ?? values[flag.name] ?? []

const rootFlags: ReadonlyArray<readonly [name: string, summary: string]> = [
  ["--help", "Shows help"],
  ["--version", "Prints the version"],
  ["--completions", "Prints completions for a shell"]
]

const identifier = (program: string): string => program.replaceAll(/\W/g, "_")

/** Quotes text for bash, zsh and fish. */
const single = (text: string): string => `'${text.replaceAll("'", "’")}'`

const words = (list: ReadonlyArray<string>): string => list.join(" ")

const bash = (completed: Completed): string => {
  const { commands, program } = completed
  const all = new Map(commands.flatMap(flagsOf).map((flag) => [flag.name, flag]))
  const valued = [...all.values()].filter(({ value }) => value !== undefined)
  const files = valued.filter(({ isFile }) => isFile === true)
  const free = valued.filter((flag) => flag.isFile !== true && valuesOf(flag, completed).length === 0)
  const some = valued.filter((flag) => valuesOf(flag, completed).length > 0)
  const pattern = (flags: ReadonlyArray<Flag<unknown>>) => flags.map(({ name }) => `--${name}`).join("|")
  const reply = (list: ReadonlyArray<string>) => `mapfile -t COMPREPLY < <(compgen -W ${single(words(list))} -- "$cur")`
  return `_${identifier(program)}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    ${reply([...commands.map(({ name }) => name), ...rootFlags.map(([name]) => name)])}
    return
  fi
  case "$prev" in
    --completions) ${reply(shells)}; return ;;
${some.map((flag) => `    --${flag.name}) ${reply(valuesOf(flag, completed))}; return ;;`).join("\n")}
    ${pattern(files)}) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    ${pattern(free)}) return ;;
  esac
  [[ $cur == -* ]] || return
  case "\${COMP_WORDS[1]}" in
${
    commands.map((command) => `    ${command.name}) ${reply(flagsOf(command).map(({ name }) => `--${name}`))} ;;`).join(
      "\n"
    )
  }
  esac
}
complete -F _${identifier(program)} ${program}
`
}

const zsh = (completed: Completed): string => {
  const { commands, program } = completed
  const text = (text: string) => text.replaceAll("'", "’").replaceAll(/[\][:\\]/g, "\\$&")
  const action = (flag: Flag<unknown>) => {
    const values = valuesOf(flag, completed)
    return flag.isFile === true
      ? "_files"
      : values.length === 0
      ? " "
      : `(${words(values.map((value) => value.replaceAll(/[()]/g, "\\$&")))})`
  }
  const argument = (flag: Flag<unknown>) => {
    const value = flag.value === undefined ? "" : `:${text(flag.value)}:${action(flag)}`
    const names = flag.alias === undefined ? [`--${flag.name}`] : [`--${flag.name}`, `-${flag.alias}`]
    const repeats = flag.isRepeated === true ? "*" : ""
    return names.map((name) =>
      `        '${repeats}${name}${flag.value === undefined ? "" : "="}[${text(flag.summary)}]${value}'`
    )
  }
  return `#compdef ${program}

_${identifier(program)}() {
  local -a subcommands flags
  if (( CURRENT == 2 )); then
    subcommands=(
${commands.map(({ name, summary }) => `      '${name}:${text(summary)}'`).join("\n")}
    )
    flags=(${words(rootFlags.map(([name]) => name))})
    _describe -t commands command subcommands
    compadd -- $flags
    return
  fi
  if [[ $words[2] == --completions ]]; then
    compadd -- ${words(shells)}
    return
  fi
  case $words[2] in
${
    commands.map((command) =>
      `    ${command.name})
      _arguments -s \\
${[...flagsOf(command).flatMap(argument), "        '*:NAME:()'"].join(" \\\n")}
      ;;`
    ).join("\n")
  }
  esac
}

if [[ $funcstack[1] == _${identifier(program)} ]]; then
  _${identifier(program)} "$@"
else
  compdef _${identifier(program)} ${program}
fi
`
}

const fish = (completed: Completed): string => {
  const { commands, program } = completed
  const line = (...parts: ReadonlyArray<string>) => `complete -c ${program} ${words(parts)}`
  const option = (command: Command) => (flag: Flag<unknown>) => {
    const values = valuesOf(flag, completed)
    return line(
      `-n '__fish_seen_subcommand_from ${command.name}'`,
      ...(flag.alias === undefined ? [] : [`-s ${flag.alias}`]),
      `-l ${flag.name}`,
      ...(flag.value === undefined ? [] : [flag.isFile === true ? "-r -F" : "-x"]),
      ...(values.length === 0 ? [] : [`-a ${single(words(values))}`]),
      `-d ${single(flag.summary)}`
    )
  }
  const first = "-n __fish_use_subcommand"
  return [
    line("-f"),
    ...commands.map(({ name, summary }) => line(first, `-a ${name}`, `-d ${single(summary)}`)),
    ...rootFlags.map(([name, summary]) =>
      line(
        first,
        `-l ${name.slice(2)}`,
        ...(name === "--completions" ? [`-x -a ${single(words(shells))}`] : []),
        `-d ${single(summary)}`
      )
    ),
    ...commands.flatMap((command) => flagsOf(command).map(option(command)))
  ].join("\n") + "\n"
}

/** Generates the completion script for a shell. */
export const script = (shell: Shell, completed: Completed): string => {
  switch (shell) {
    case "bash":
      return bash(completed)
    case "zsh":
      return zsh(completed)
    case "fish":
      return fish(completed)
  }
}
