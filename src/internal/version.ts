/**
 * The version of this package, as in package.json. A test checks that they are equal.
 *
 * @internal
 */
export const version = "0.3.0"
