/**
 * The version of this package. A test checks that it matches package.json.
 *
 * @internal
 */
export const version = "0.3.0"
