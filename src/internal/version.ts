/**
 * The version of this package, as in package.json; a test keeps them in step.
 *
 * @internal
 */
export const version = "0.3.0"
