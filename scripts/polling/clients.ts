// Whose schedules are compared: ours, and the defaults of Google's own clients, of gcloud and of Terraform.
import * as Polling from "effect-google-operations/Polling"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleInterval from "effect/ScheduleInterval"

/** Somebody who waits for an operation. */
export interface Client {
  readonly name: string
  readonly schedule: Schedule.Schedule<unknown>
  /** Whether it polls as soon as it waits, or the schedule's first delay comes before its first poll. */
  readonly pollsAtOnce: boolean
}

/** Who waits for a name, and so polls at once, with one of our schedules. */
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

/** The default delays of somebody else's client, in seconds, and where they are written. */
export interface OtherClient extends Client {
  /** The delay before the first poll, where it is not the first of the others. */
  readonly lead?: number
  readonly initial: number
  readonly factor: number
  readonly max: number
  readonly jitter: keyof typeof jitters
  /** When it gives up. The simulation goes on. */
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

/** The others, as their sources had it in 2026. Where they do not poll at once, the start's answer is the first state. */
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
    givesUp: "with its context",
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
    givesUp: "as the resource says",
    source: "hashicorp/terraform-provider-google: google/tpgresource/common_operation.go, google/transport/config.go"
  })
]
