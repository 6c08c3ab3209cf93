/**
 * A libsql client that uses one connection, and waits while another process writes to the file.
 */
import type { LibsqlClientConfig } from "@effect/sql-libsql/LibsqlClient"
import { hasProperty } from "effect/Predicate"

type Sdk = LibsqlClientConfig.Live["liveClient"]

/**
 * The libsql client in a client of `@effect/sql-libsql`. The type of the client does not contain it.
 *
 * @internal
 */
export const sdkOf = (client: object): Sdk => {
  if (hasProperty(client, "sdk") && isSdk(client.sdk)) return client.sdk
  throw new Error("This version of @effect/sql-libsql has no `sdk`. Use one that the peer range allows.")
}

const isSdk = (u: unknown): u is Sdk =>
  ["execute", "transaction", "close"].every((method) => hasProperty(u, method) && typeof u[method] === "function")

// How many times a statement is tried while another process writes, and the delay between the attempts in ms.
const patience = 40
const pause = 100

const isBusy = (error: unknown): boolean =>
  hasProperty(error, "code") && typeof error.code === "string" && error.code.startsWith("SQLITE_BUSY")

const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/**
 * An open connection to a local file.
 *
 * @internal
 */
export interface Connection {
  readonly sdk: Sdk
  readonly close: () => Promise<void>
}

/**
 * Creates a client for a local file. The libsql client opens a connection for each transaction and never closes it, and
 * `@effect/sql-libsql` hangs if a transaction cannot begin. This client runs all statements on one connection, one
 * transaction after another, and each transaction waits until the file is free.
 *
 * @internal
 */
export const singleConnection = async (open: () => Promise<Connection>): Promise<Connection> => {
  const first = await open()
  // Undefined after a statement was rejected because the file was busy. The next attempt opens another connection.
  let connection: Connection | undefined = first
  let isClosed = false
  let last = Promise.resolve()

  // Waits for its turn, and returns a function that ends the turn.
  const turn = async (): Promise<() => void> => {
    const before = last
    let end = () => {}
    last = new Promise((resolve) => {
      end = resolve
    })
    await before
    return end
  }

  const release = async () => {
    const { close } = connection ?? {}
    connection = undefined
    await close?.()
  }

  const connected = async (): Promise<Sdk> => {
    connection ??= await open()
    if (!isClosed) return connection.sdk
    await release()
    throw new Error("The client is closed.")
  }

  const patiently = async (statement: Parameters<Sdk["execute"]>[0], attempts: number) => {
    for (let attempt = 1;; attempt++) {
      try {
        return await (await connected()).execute(statement)
      } catch (error) {
        if (!isBusy(error) || isClosed || attempt >= attempts) throw error
        // libsql leaves the statement in progress. The connection could then not commit any transaction.
        await release()
        await sleep(pause)
      }
    }
  }

  const execute = async (statement: Parameters<Sdk["execute"]>[0]) => {
    const end = await turn()
    try {
      return await patiently(statement, patience)
    } finally {
      end()
    }
  }

  const transaction = async () => {
    const end = await turn()
    try {
      await patiently("BEGIN IMMEDIATE", Infinity)
      // Until the end of the turn, the connection stays the same.
      const sdk = await connected()
      const finish = (statement: string) => async () => {
        try {
          await sdk.execute(statement)
        } catch (error) {
          if (statement === "COMMIT") await sdk.execute("ROLLBACK").catch(() => {})
          throw error
        } finally {
          end()
        }
      }
      return { execute: sdk.execute.bind(sdk), commit: finish("COMMIT"), rollback: finish("ROLLBACK") }
    } catch (error) {
      end()
      throw error
    }
  }

  const sdk = new Proxy(first.sdk, {
    get: (_, key) => {
      if (key === "execute") return execute
      if (key === "transaction") return transaction
      const target = (connection ?? first).sdk
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === "function" ? value.bind(target) : value
    }
  })
  return {
    sdk,
    close: () => {
      isClosed = true
      return release()
    }
  }
}
