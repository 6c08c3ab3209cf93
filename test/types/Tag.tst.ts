import type * as HttpClient from "@effect/platform/HttpClient"
import * as GoogleApi from "effect-google-operations/GoogleApi"
import type * as HttpError from "effect-google-operations/HttpError"
import * as NodeOperations from "effect-google-operations/NodeOperations"
import type * as Operation from "effect-google-operations/Operation"
import type * as OperationError from "effect-google-operations/OperationError"
import * as OperationInfo from "effect-google-operations/OperationInfo"
import * as OperationsService from "effect-google-operations/OperationsService"
import type * as WaitTimeoutError from "effect-google-operations/WaitTimeoutError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { describe, expect, test } from "tstyche"

declare const use: (value: unknown) => void

class PolicyOperations
  extends OperationsService.Tag("PolicyOperations")<PolicyOperations>(GoogleApi.accessContextManager)
{}
class ComputeOperations extends OperationsService.Tag("ComputeOperations")<ComputeOperations>(GoogleApi.compute) {}
class PlainTag extends Context.Tag("PlainTag")<PlainTag, OperationsService.Service>() {}

const name = "operations/a"
const policies = NodeOperations.layerFor(PolicyOperations)
const compute = NodeOperations.layerFor(ComputeOperations)

const program = Effect.gen(function*() {
  const policies = yield* PolicyOperations
  const compute = yield* ComputeOperations
  return [yield* policies.wait(name), yield* compute.wait("projects/p/global/operations/o")] as const
})

type Failure = OperationError.OperationError | HttpError.HttpError | WaitTimeoutError.WaitTimeoutError

describe("a tag for one API", () => {
  test("is the tag of a service, and knows its API", () => {
    expect(Effect.map(PolicyOperations, (service) => service)).type.toBe<
      Effect.Effect<OperationsService.Service, never, PolicyOperations>
    >()
    expect(PolicyOperations.api).type.toBe<GoogleApi.GoogleApi>()
    expect(PolicyOperations.key).type.toBe<`PolicyOperations@${string}`>()
  })

  test("has layers of its own", () => {
    expect(OperationsService.layerFor(PolicyOperations, { quotaProject: "p" })).type.toBe<
      Layer.Layer<PolicyOperations, never, HttpClient.HttpClient>
    >()
    expect(NodeOperations.layerFor(PolicyOperations, { connections: 8, baseUrl: "http://127.0.0.1:8787" })).type.toBe<
      Layer.Layer<PolicyOperations>
    >()
    expect(Layer.merge(policies, compute)).type.toBe<Layer.Layer<PolicyOperations | ComputeOperations>>()
    expect(Layer.mock(PolicyOperations, { close: Effect.void })).type.toBe<Layer.Layer<PolicyOperations>>()
  })

  test("is another requirement than that of another API", () => {
    expect(program).type.toBe<
      Effect.Effect<
        readonly [Operation.Succeeded, Operation.Succeeded],
        Failure,
        PolicyOperations | ComputeOperations
      >
    >()
    expect(Effect.provide(program, Layer.merge(policies, compute))).type.toBe<
      Effect.Effect<readonly [Operation.Succeeded, Operation.Succeeded], Failure>
    >()
    expect<PolicyOperations>().type.not.toBeAssignableTo<ComputeOperations>()
    expect<PolicyOperations>().type.not.toBeAssignableTo<OperationsService.OperationsService>()
  })
})

// The messages are those of the compiler, or parts of them.
describe("the compiler names the mistake", () => {
  test("a service that is missing", () => {
    // @ts-expect-error Type 'ComputeOperations' is not assignable to type 'never'
    use(Effect.runPromise(Effect.provide(program, policies)))
  })

  test("the service of the default tag where that of another API is needed", () => {
    const other = NodeOperations.layer({ api: GoogleApi.compute })
    // @ts-expect-error Type 'ComputeOperations' is not assignable to type 'never'
    use(Effect.runPromise(Effect.provide(program, Layer.merge(policies, other))))
  })

  test("an info that was not bound to its API", () => {
    const info = OperationInfo.make({ response: OperationInfo.empty })
    expect(Effect.runPromise(Effect.provide(info.using(ComputeOperations).result(name), compute))).type.toBe<
      Promise<void>
    >()
    // @ts-expect-error Type 'OperationsService' is not assignable to type 'never'
    use(Effect.runPromise(Effect.provide(info.result(name), compute)))
  })

  test("another API for a tag that has one", () => {
    // @ts-expect-error and 'api' does not exist in type 'TagOptions'
    use(OperationsService.layerFor(ComputeOperations, { api: GoogleApi.accessContextManager }))
    // @ts-expect-error and 'api' does not exist in type 'TagOptions'
    use(NodeOperations.layerFor(ComputeOperations, { api: GoogleApi.accessContextManager }))
  })

  test("a tag that has no API", () => {
    // @ts-expect-error Property 'api' is missing in type 'typeof PlainTag'
    use(NodeOperations.layerFor(PlainTag))
    // @ts-expect-error Property 'api' is missing in type
    use(OperationsService.layerFor(OperationsService.OperationsService))
    // @ts-expect-error Expected 1 arguments, but got 0
    use(OperationsService.Tag("RunOperations")<PlainTag>())
  })
})
