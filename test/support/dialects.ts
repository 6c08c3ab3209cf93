import * as Dialect from "effect-google-operations/Dialect"

/** The dialects of the package. */
export const dialects: ReadonlyArray<Dialect.Dialect> = [
  Dialect.longRunning,
  Dialect.compute,
  Dialect.sqlAdmin,
  Dialect.container,
  Dialect.bigQuery,
  Dialect.predict
]
