/**
 * Other clients behind the cases: what each of them needs and lacks.
 */
import * as Code from "effect-google-operations/Code"
import * as Effect from "effect/Effect"
import type { Case } from "../cases/case.js"
import type { Client, MakeClient, Outcome, Wait } from "../client.js"

/** What a caller may ask of a client, and which cases ask for it. What the server sends is no such feature. */
const features = {
  abort: (case_: Case) => case_.calls.some(({ abortAt }) => abortAt !== undefined),
  cancelAtTheEnd: (case_: Case) => case_.calls.some(({ cancelOn }) => cancelOn !== undefined),
  limit: (case_: Case) => case_.calls.some(({ timeout }) => timeout !== undefined) || features.savedLimit(case_),
  renewal: ({ settings }: Case) => settings?.token === "renewable",
  requestTimeout: ({ settings }: Case) => settings?.requestTimeout !== undefined,
  retries: (case_: Case) => case_.calls.some(({ retries }) => retries !== undefined),
  save: ({ save }: Case) => save !== undefined,
  savedLimit: ({ save }: Case) => save?.timeout !== undefined,
  serverHolds: ({ settings }: Case) => settings?.serverHolds === true,
  types: (case_: Case) => case_.calls.some(({ result }) => result !== undefined),
  // Retries of requests that fail.
  transport: ({ script, settings }: Case) =>
    settings?.requestTimeout !== undefined ||
    script.some((step) => step.type === "cut" || step.type === "gone" || (step.type === "http" && step.status > 299))
}

type Feature = keyof typeof features

/** A client behind the cases. */
export interface Adapter {
  readonly title: string
  /** Its version; undefined if it is not installed. */
  readonly version: string | undefined
  /** The command that installs it. */
  readonly install: string
  readonly make: MakeClient
  /** What it does not offer to its callers, with the reason. */
  readonly lacks: Partial<Record<Feature, string>>
  /** Cases that are played although they need what the client lacks, for the case is about something else. */
  readonly playedAnyway?: ReadonlyArray<string>
}

/** Why a case is unfair to a client; undefined if it is fair. */
export const unfairness = ({ lacks, playedAnyway }: Adapter, case_: Case): string | undefined => {
  if (playedAnyway?.includes(case_.id) === true) return undefined
  const feature = (Object.keys(lacks) as Array<Feature>).find((feature) => features[feature](case_))
  return feature === undefined ? undefined : lacks[feature]
}

/** A client whose waits are promises. */
export const fromPromises = (
  wait: (wait: Wait, signal: AbortSignal) => Promise<Outcome>,
  save: (name: string) => Promise<string> = () => Promise.reject(new Error("it cannot be saved"))
): Client => ({
  wait: (options) => Effect.promise((signal) => wait(options, signal)),
  save: (name) => Effect.promise(() => save(name))
})

export const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

export const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** The operation as JSON, as far as the clients look at it. */
export interface OperationJson {
  readonly name?: string
  readonly done?: boolean | null
  readonly metadata?: unknown
  readonly response?: unknown
  readonly error?:
    | { readonly code?: number; readonly message?: string; readonly details?: ReadonlyArray<unknown> }
    | null
}

/** The name of a code of `google.rpc.Code`; undefined if the number is none. */
export const codeName = (code: unknown): string | undefined =>
  typeof code === "number" ? Code.Code.literals[code] : undefined

/** How a loop ends that returns the operation as JSON, as the server sent it. */
export const ofDone = ({ error, metadata, response }: OperationJson): Outcome => {
  if (error === undefined || error === null) {
    return { end: "succeeded", response: response ?? null, metadata: metadata ?? null }
  }
  const { code = 0, details = [], message = "" } = error
  return {
    end: "failed",
    code: codeName(code),
    error: { code, message, details },
    metadata: metadata ?? null,
    message
  }
}
