// The steps of the scripts of cases.
import type { Step } from "effect-google-operations/OperationsEmulator"
import { defaultName, second } from "./case.js"

export const policyType = "google.identity.accesscontextmanager.v1.AccessPolicy"
export const emptyType = "google.protobuf.Empty"
export const policy = { "@type": `type.googleapis.com/${policyType}`, name: "accessPolicies/1", title: "corp" }
export const level = {
  "@type": "type.googleapis.com/google.identity.accesscontextmanager.v1.AccessLevel",
  name: "accessPolicies/1/accessLevels/a"
}
export const progress = { "@type": "type.googleapis.com/example.Progress", percent: 10 }
export const errorInfo = {
  "@type": "type.googleapis.com/google.rpc.ErrorInfo",
  reason: "LEVEL_IN_USE",
  domain: "accesscontextmanager.googleapis.com",
  metadata: { level: "a" }
}
export const unknownDetail = { "@type": "type.googleapis.com/example.Unheard", depth: { of: [1, null, "x"] } }

export const pending = { type: "pending" } as const
export const succeeded = { type: "succeeded", response: policy } as const
export const ok = (body: unknown): Step => ({
  type: "http",
  status: 200,
  headers: { "content-type": "application/json; charset=UTF-8" },
  body: JSON.stringify(body)
})
export const pendingAfter = (retryAfter: string): Step => ({ type: "pending", headers: { "retry-after": retryAfter } })
export const fault = (
  status: number,
  code?: string,
  more: { readonly details?: ReadonlyArray<unknown>; readonly headers?: Readonly<Record<string, string>> } = {}
): Extract<Step, { readonly type: "http" }> => ({
  type: "http",
  status,
  headers: { "content-type": code === undefined ? "text/html" : "application/json", ...more.headers },
  body: code === undefined
    ? "<!DOCTYPE html><title>Error</title>"
    : JSON.stringify({ error: { code: status, message: `it is ${code}`, status: code, details: more.details ?? [] } })
})
export const unavailable = fault(503, "UNAVAILABLE")
export const reason = (reason: string) => ({
  details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com" }]
})
export const retryInfo = (retryDelay: string) => ({
  details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }]
})
export const cut = (at: "beforeHeaders" | "withinHeaders" | "withinBody"): Step => ({ type: "cut", at })
export const failed = (
  code: number,
  message = "no",
  details: Extract<Step, { type: "failed" }>["error"]["details"] = []
): Step => ({
  type: "failed",
  error: { code, message, details }
})
export const started = { operation: { name: defaultName, metadata: progress } }

export const succeeds = { end: "succeeded", response: policy } as const
export const seconds = (...times: ReadonlyArray<number>): ReadonlyArray<number> => times.map((time) => time * second)
