/**
 * All clients that can be put behind the cases, by their names on the command line.
 */
import { makeClient } from "../client.js"
import type { Adapter } from "./adapter.js"
import { coreLro } from "./coreLro.js"
import { effectByHand } from "./effect.js"
import { gax } from "./gax.js"
import { googleapis } from "./googleapis.js"
import { apiClient, apiCore } from "./python.js"

export const own = "effect-google-operations"

export const clients: Readonly<Record<string, Adapter>> = {
  [own]: { title: own, version: "this version", install: "npm ci", make: makeClient, lacks: {} },
  "google-gax": gax,
  googleapis,
  "core-lro": coreLro,
  "api-core": apiCore,
  "google-api-python-client": apiClient,
  "effect": effectByHand
}

/** The columns of `comparison.md`. */
export const compared: ReadonlyArray<string> = [own, "google-gax", "googleapis", "core-lro", "effect"]
