/**
 * What a client of long-running operations must do, as plain data: the scripts of a server, the calls of a client, and what
 * both must show. Nothing here depends on a client.
 */
import type { Case } from "./cases/case.js"
import { completion, failure } from "./cases/ends.js"
import { aborting, limits } from "./cases/limits.js"
import { hints, names, polls } from "./cases/polls.js"
import { credentials, holding, notFound, resuming, sharing } from "./cases/waits.js"

export type { Case }

/** The cases, by what they are about. */
export const groups: Readonly<Record<string, ReadonlyArray<Case>>> = {
  "how an operation ends": completion,
  "how an operation fails": failure,
  "names": names,
  "polls that fail": polls,
  "delays from the server": hints,
  "limits": limits,
  "aborting": aborting,
  "many waits": sharing,
  "not found": notFound,
  "continuing elsewhere": resuming,
  "credentials": credentials,
  "server-side waits": holding
}
