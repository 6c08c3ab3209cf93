// A pseudo-terminal whose screen can be read: a window of tmux with a shell in it.
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const tmux = (socket: string, ...args: ReadonlyArray<string>): string => {
  const { error, status, stderr, stdout } = spawnSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", LANG: "C.UTF-8", TERM: "xterm-256color" }
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`tmux ${args.join(" ")}: ${stderr}`)
  return stdout
}

/** Whether there is a tmux. */
export const hasTmux = spawnSync("tmux", ["-V"]).status === 0

interface Terminal {
  /** Types keys, as tmux names them. */
  readonly keys: (...keys: ReadonlyArray<string>) => void
  /** Types text. */
  readonly write: (text: string) => void
  /** Types text and Enter. */
  readonly type: (text: string) => void
  readonly resize: (columns: number, rows: number) => void
  /** The lines of the screen, without the empty ones at its end. */
  readonly screen: () => ReadonlyArray<string>
  /** The same with control sequences for colors. */
  readonly coloredScreen: () => string
  /** Waits until the screen matches, and returns its lines. */
  readonly until: (pattern: RegExp, seconds?: number) => Effect.Effect<ReadonlyArray<string>>
}

/** Opens a terminal that runs a shell with the prompt `$ ` until the scope ends. */
export const open = (
  { columns = 80, rows = 24, shell = "bash --norc --noprofile" }: {
    readonly columns?: number
    readonly rows?: number
    readonly shell?: string
  } = {}
) =>
  Effect.gen(function*() {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "tmux-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    )
    const socket = join(folder, "socket")
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        tmux(socket, "new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, `PS1='$ ' exec ${shell}`)
      ),
      () => Effect.sync(() => tmux(socket, "kill-server"))
    )
    const capture = (...flags: ReadonlyArray<string>) => tmux(socket, "capture-pane", "-p", ...flags)
    const screen = () => capture().trimEnd().split("\n")
    const keys = (...keys: ReadonlyArray<string>) => void tmux(socket, "send-keys", ...keys)
    const write = (text: string) => keys("-l", "--", text)
    const terminal: Terminal = {
      keys,
      write,
      type: (text) => {
        write(text)
        keys("Enter")
      },
      resize: (columns, rows) => void tmux(socket, "resize-window", "-x", `${columns}`, "-y", `${rows}`),
      screen,
      coloredScreen: () => capture("-e"),
      until: (pattern, seconds = 20) =>
        Effect.sleep("50 millis").pipe(
          Effect.zipRight(Effect.sync(screen)),
          Effect.repeat({ until: (lines) => pattern.test(lines.join("\n")) }),
          Effect.timeoutFail({
            duration: `${seconds} seconds`,
            onTimeout: () => new Error(`${pattern} is not on the screen:\n${screen().join("\n")}`)
          }),
          Effect.orDie
        )
    }
    yield* terminal.until(/\$/)
    return terminal
  })
