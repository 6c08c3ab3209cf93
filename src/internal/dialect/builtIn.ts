/**
 * The dialects that this package provides, by name.
 */
import * as Dialect from "../../Dialect.js"

/** @internal */
export const builtIn = {
  longRunning: Dialect.longRunning,
  compute: Dialect.compute,
  sqlAdmin: Dialect.sqlAdmin,
  container: Dialect.container,
  bigQuery: Dialect.bigQuery,
  predict: Dialect.predict
}
