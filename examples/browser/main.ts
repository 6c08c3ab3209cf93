// The script of the page. It starts a backup and shows its progress. The button "Cancel" interrupts the wait and cancels the operation.
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import * as Polling from "effect-google-operations/Polling"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"

// The base URL of the emulator, which serve.ts defines. Its origin is not the origin of the page.
declare const API_URL: string

const CreateBackup = OperationInfo.make({
  response: { typeName: "example.Backup", schema: Schema.Struct({ name: Schema.String }) },
  metadata: { typeName: "example.CreateBackupMetadata", schema: Schema.Struct({ progressPercent: Schema.Int }) }
})

// #region client
const api = GoogleApi.make({ baseUrl: API_URL, version: "v1" })

// The server must allow every header of a cross-origin request. This client sends no trace headers.
const httpClient = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, HttpClient.withTracerPropagation(false))
).pipe(Layer.provide(FetchHttpClient.layer))

const operations = Layer.provide(OperationsService.layer({ api }), httpClient)
// #endregion

const element = <E extends HTMLElement>(id: string, type: new() => E): E => {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`)
  return found
}
const startButton = element("start", HTMLButtonElement)
const cancelButton = element("cancel", HTMLButtonElement)
const progress = element("progress", HTMLProgressElement)
const status = element("status", HTMLElement)
const states = element("states", HTMLElement)

const show = (state: string, percent: number): Effect.Effect<void> =>
  Effect.sync(() => {
    progress.value = percent
    status.textContent = state
    states.append(Object.assign(document.createElement("li"), { textContent: state }))
  })

const createBackup = CreateBackup.execute(HttpClientRequest.post("/v1/backups"), {
  schedule: Polling.spaced("500 millis"),
  timeout: "1 minute",
  onInterrupt: "cancel",
  onUpdate: ({ metadata, operation }) =>
    Effect.ignore(
      Effect.flatMap(metadata, ({ progressPercent }) =>
        operation.done ? Effect.void : show(`${operation.name}: ${progressPercent} %`, progressPercent))
    )
})

const runtime = ManagedRuntime.make(operations)

startButton.addEventListener("click", () => {
  states.replaceChildren()
  progress.value = 0
  startButton.disabled = true
  cancelButton.disabled = false
  const fiber = runtime.runFork(createBackup)
  const cancel = (): void => void runtime.runFork(Fiber.interrupt(fiber))
  cancelButton.addEventListener("click", cancel, { once: true })
  fiber.addObserver((exit) => {
    cancelButton.removeEventListener("click", cancel)
    startButton.disabled = false
    cancelButton.disabled = true
    const last = Exit.match(exit, {
      onSuccess: ({ name }) => show(`${name} is complete`, 100),
      onFailure: (cause) =>
        show(Cause.isInterruptedOnly(cause) ? "cancelled" : String(Cause.squash(cause)), progress.value)
    })
    Effect.runSync(last)
  })
})
