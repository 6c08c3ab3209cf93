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
const patience = 500
const pause = 20

const isBusy = (error: unknown): boolean =>
  hasProperty(error, "code") && typeof error.code === "string" && error.code.startsWith("SQLITE_BUSY")

const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

const patiently = async <A>(run: () => Promise<A>, isOver: (attempts: number) => boolean): Promise<A> => {
  for (let attempts = 1;; attempts++) {
    try {
      return await run()
    } catch (error) {
      if (!isBusy(error) || isOver(attempts)) throw error
      await sleep(pause)
    }
  }
}

/**
 * Wraps a client of a local file. The libsql client opens a connection for each transaction and never closes it, and
 * `@effect/sql-libsql` hangs when a transaction cannot begin. With the wrapper, transactions run on one connection, one
 * after the other, and begin when the file is free.
 *
 * @internal
 */
export const singleConnection = (sdk: Sdk): Sdk => {
  // Settles when the transaction in progress ends.
  let transaction: Promise<void> | undefined
  const execute = (statement: Parameters<Sdk["execute"]>[0]) =>
    patiently(async () => {
      while (transaction !== undefined) await transaction
      return sdk.execute(statement)
    }, (attempts) => attempts > patience)
  const begin = async () => {
    while (transaction !== undefined) await transaction
    let end = () => {}
    transaction = new Promise((resolve) => {
      end = () => {
        transaction = undefined
        resolve()
      }
    })
    try {
      await patiently(() => sdk.execute("BEGIN IMMEDIATE"), () => sdk.closed)
    } catch (error) {
      end()
      throw error
    }
    const finish = (statement: string) => async () => {
      try {
        await patiently(() => sdk.execute(statement), (attempts) => attempts > patience)
      } catch (error) {
        if (statement === "COMMIT") await sdk.execute("ROLLBACK").catch(() => {})
        throw error
      } finally {
        end()
      }
    }
    return { execute: sdk.execute.bind(sdk), commit: finish("COMMIT"), rollback: finish("ROLLBACK") }
  }
  return new Proxy(sdk, {
    get: (target, key) => {
      if (key === "execute") return execute
      if (key === "transaction") return begin
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === "function" ? value.bind(target) : value
    }
  })
}
