// The schedules to compare: those of this package, and the defaults of Google's clients, of gcloud and of Terraform.
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleInterval from "effect/ScheduleInterval"

/** A client that waits for an operation. */
export interface Client {
  readonly name: string
  readonly schedule: Schedule.Schedule<unknown>
  /** Whether the first poll is immediate. Otherwise it follows the first delay of the schedule. */
  readonly pollsAtOnce: boolean
}

/** A wait of this package for a name, with a schedule. Its first poll is immediate. */
export const ours = (name: string, schedule: Schedule.Schedule<unknown>): Client => ({
  name,
  schedule,
  pollsAtOnce: true
})

/** The schedules of `Polling`. */
export const ourClients: ReadonlyArray<Client> = [
  ours("Polling.defaultSchedule", Polling.defaultSchedule),
  ours("Polling.exponential()", Polling.exponential()),
  ours("Polling.spaced(\"5 seconds\")", Polling.spaced("5 seconds"))
]

const jitters = {
  none: (delay: number) => delay,
  "0 to 100 %": (delay: number, random: number) => delay * random,
  "up to 1 s more": (delay: number, random: number) => delay + random
}

/** The default delays of another client, in seconds, with their source. */
export interface OtherClient extends Client {
  /** The delay before the first poll, if it is not `initial`. */
  readonly lead?: number
  readonly initial: number
  readonly factor: number
  readonly max: number
  readonly jitter: keyof typeof jitters
  /** The timeout of the client. The simulation has none. */
  readonly givesUp: string
  readonly source: string
}

const other = (client: Omit<OtherClient, "schedule">): OtherClient => {
  const jitter = jitters[client.jitter]
  const delays = Schedule.makeWithState(0, (now, _, step) =>
    Effect.map(Random.next, (random) => {
      const seconds = Math.min(client.max, jitter(Math.min(client.max, client.initial * client.factor ** step), random))
      return [step + 1, seconds, ScheduleDecision.continueWith(ScheduleInterval.after(now + 1000 * seconds))]
    }))
  return {
    ...client,
    schedule: client.lead === undefined
      ? delays
      : Schedule.andThen(Schedule.duration(`${client.lead} seconds`), delays)
  }
}

/**
 * The other clients, from their sources in 2026. A client whose first poll is not immediate starts the operation itself.
 * It has the first state from that response.
 */
export const otherClients: ReadonlyArray<OtherClient> = [
  other({
    name: "Python",
    pollsAtOnce: true,
    initial: 1,
    factor: 1.5,
    max: 20,
    jitter: "0 to 100 %",
    givesUp: "after 15 min",
    source: "googleapis/python-api-core: google/api_core/future/polling.py"
  }),
  other({
    name: "Python, async",
    pollsAtOnce: true,
    initial: 1,
    factor: 2,
    max: 60,
    jitter: "0 to 100 %",
    givesUp: "never",
    source: "googleapis/python-api-core: google/api_core/future/async_future.py"
  }),
  other({
    name: "Go",
    pollsAtOnce: true,
    initial: 1,
    factor: 2,
    max: 60,
    jitter: "0 to 100 %",
    givesUp: "when its context ends",
    source: "googleapis/google-cloud-go: longrunning/longrunning.go"
  }),
  other({
    name: "Java",
    pollsAtOnce: false,
    initial: 5,
    factor: 1.5,
    max: 45,
    jitter: "0 to 100 %",
    givesUp: "after 5 min",
    source: "googleapis/sdk-platform-java: RetrySettingsComposer.java, OperationCheckingCallable.java"
  }),
  other({
    name: "Rust",
    pollsAtOnce: false,
    initial: 1,
    factor: 2,
    max: 60,
    jitter: "none",
    givesUp: "never",
    source: "googleapis/google-cloud-rust: src/gax/src/exponential_backoff.rs, src/lro/src/lib.rs"
  }),
  other({
    name: "Node",
    pollsAtOnce: true,
    initial: 0.1,
    factor: 1.3,
    max: 60,
    jitter: "none",
    givesUp: "never",
    source: "googleapis/gax-nodejs: src/gax.ts, src/longRunningCalls/longrunning.ts"
  }),
  other({
    name: "gcloud",
    pollsAtOnce: false,
    lead: 1,
    initial: 2,
    factor: 1.4,
    max: 180,
    jitter: "up to 1 s more",
    givesUp: "after 30 min",
    source: "Google Cloud SDK: googlecloudsdk/api_lib/util/waiter.py, googlecloudsdk/core/util/retry.py"
  }),
  other({
    name: "Terraform",
    pollsAtOnce: true,
    initial: 10,
    factor: 1,
    max: 10,
    jitter: "none",
    givesUp: "set for each resource type",
    source: "hashicorp/terraform-provider-google: google/tpgresource/common_operation.go, google/transport/config.go"
  })
]
