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
 * Makes a client of a local file. The client of libsql opens a connection for each transaction and never closes it, and
 * `@effect/sql-libsql` hangs when a transaction cannot begin. Here all statements run on one connection, one transaction after the
 * other, and wait until the file is free.
 *
 * @internal
 */
export const singleConnection = async (open: () => Promise<Connection>): Promise<Connection> => {
  let connection = await open()
  let isClosed = false
  let last = Promise.resolve()

  // Waits for its turn, and returns how to end it.
  const turn = async (): Promise<() => void> => {
    const before = last
    let end = () => {}
    last = new Promise((resolve) => {
      end = resolve
    })
    await before
    return end
  }

  const patiently = async (statement: Parameters<Sdk["execute"]>[0], attempts: number) => {
    for (let attempt = 1;; attempt++) {
      try {
        return await connection.sdk.execute(statement)
      } catch (error) {
        if (!isBusy(error) || isClosed || attempt >= attempts) throw error
        // libsql leaves the statement in progress, and then no transaction of this connection can be committed.
        await connection.close()
        for (let isOpen = false; !isOpen;) {
          await sleep(pause)
          if (isClosed) throw error
          try {
            connection = await open()
            isOpen = true
          } catch (problem) {
            if (!isBusy(problem) || ++attempt >= attempts) throw problem
          }
        }
        if (isClosed) {
          await connection.close()
          throw error
        }
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
    } catch (error) {
      end()
      throw error
    }
    const finish = (statement: string) => async () => {
      try {
        await connection.sdk.execute(statement)
      } catch (error) {
        if (statement === "COMMIT") await connection.sdk.execute("ROLLBACK").catch(() => {})
        throw error
      } finally {
        end()
      }
    }
    return {
      execute: (statement: Parameters<Sdk["execute"]>[0]) => connection.sdk.execute(statement),
      commit: finish("COMMIT"),
      rollback: finish("ROLLBACK")
    }
  }

  const sdk = new Proxy(connection.sdk, {
    get: (_, key) => {
      if (key === "execute") return execute
      if (key === "transaction") return transaction
      const value: unknown = Reflect.get(connection.sdk, key, connection.sdk)
      return typeof value === "function" ? value.bind(connection.sdk) : value
    }
  })
  return {
    sdk,
    close: () => {
      isClosed = true
      return connection.close()
    }
  }
}
